"""The app in the browser: the runs of a folder side by side, and playing with their generators."""

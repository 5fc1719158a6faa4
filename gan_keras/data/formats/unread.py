"""What is known and not read: each is refused with a sentence that says what it is and what to do with it."""

import re
from collections.abc import Iterator
from functools import partial

from gan_keras.data.formats.format import Found, Place, reader, refuse

AS_PICTURES = "Save the images as pictures, with a folder for each class"
AS_ARRAYS = "Save its arrays as .npz, with images and labels"
KINDS = {  # pattern of the names of files → what they are, and what to do
    r".*\.(7z|rar|zst|lz4|z|gzip)": ("is a packed file of a kind that is not unpacked here", "Unpack it yourself"),
    r".*\.(pt|pth|ckpt|safetensors)": ("is a file of PyTorch's, which is not read", AS_ARRAYS),
    r"((data|test)_batch(_\d)?|train|test|(train|test|unlabeled)_[xy])\.bin": (
        "is a binary version of CIFAR or STL, which is not read",
        "Download CIFAR's version for Python",
    ),
    r".*\.(heic|heif|svg|pdf|psd|raw|dng|cr2|nef|dcm|nii)": (
        "is a picture of a kind that is not read",
        "Save it as PNG or JPEG",
    ),
    r".*\.(mp4|avi|mov|mkv|webm|mpe?g)": ("is a film", "Save its frames as pictures"),
    r".*\.(mdb|lmdb|db|sqlite3?)": ("is a database, which is not read", AS_PICTURES),
    r".*\.(array_record|beton|msgpack|joblib|rds|rdata|feather|orc|avro)": (
        "is in a format that is not read",
        AS_ARRAYS,
    ),
    r".*\.(xlsx?|ods)": (
        "is a spreadsheet, which is not read",
        "Save it as CSV, with a label and the pixels in each row",
    ),
    r".*\.(csv|tsv)(\.gz|\.bz2|\.xz)?": (
        "is a table of neither pixels nor pictures beside it",
        "It needs a column of labels and one for each pixel, or one of file names and one of labels",
    ),
    r".*\.jsonl?": ("is JSON, which is read only where it lists pictures beside it", AS_ARRAYS),
}


@reader
def known_but_not_read(place: Place) -> Iterator[Found]:
    """The first file of a kind that is known."""
    for file in place.files():
        for pattern, (what, advice) in KINDS.items():
            if re.fullmatch(pattern, file.name.lower()):
                yield Found(file, what, partial(refuse, f"{file} {what}. {advice}."), guess=True, unread=True)
                return

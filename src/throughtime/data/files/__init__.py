"""Files and what Python holds in memory, to records: one file a format, found through the registry ``formats``."""

from throughtime.data.files.format import Format, formats
from throughtime.data.files.reading import holds_documents, read

__all__ = ["Format", "formats", "holds_documents", "read"]

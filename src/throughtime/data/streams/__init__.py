"""Running text: found, tokenised once into files, and read in windows that go on from one to the next."""

from throughtime.data.streams.store import Stream
from throughtime.data.streams.streams import Streams, read_streams, split_documents
from throughtime.data.streams.texts import is_running_text

__all__ = ["Stream", "Streams", "is_running_text", "read_streams", "split_documents"]

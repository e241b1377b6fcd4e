"""The cells that come with the library, one file each; a file here is a registered cell."""

"""The commands; a file here is one."""

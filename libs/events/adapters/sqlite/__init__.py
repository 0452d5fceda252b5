"""The embedded profile's adapters: event stores, log, read stores and keys in files of one data folder."""

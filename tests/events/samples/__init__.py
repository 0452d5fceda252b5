"""One stored event of every version ever written, with its frozen schema and what it reads as today."""

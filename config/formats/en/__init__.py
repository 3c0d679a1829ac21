"""English: day before month and the 24-hour clock, as everywhere outside North America."""

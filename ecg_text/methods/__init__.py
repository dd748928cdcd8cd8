"""Methods: one paper a file, each made of parts that learn and objectives that ask something of them."""

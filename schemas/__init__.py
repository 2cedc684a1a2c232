"""The contract: every stored row, its schema and identity. Imports pydantic, pyarrow, jsonschema, orjson."""

from dask_cluster import engine, running  # noqa: F401 - fixtures of these tests

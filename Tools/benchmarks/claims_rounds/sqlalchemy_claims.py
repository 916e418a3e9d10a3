"""How an earlier program gave features to its agents: the next open row with `with_for_update()`, then
an update. SQLite knows no row locks, so nothing is locked.

Usage: sqlalchemy_claims.py DATABASE; prints {"per_second": …, "twice": …} as JSON.
"""

import collections
import json
import multiprocessing
import sys
import time

from sqlalchemy import Boolean, Column, Integer, String, create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import declarative_base, sessionmaker

Base = declarative_base()
FEATURES = 500
PROCESSES = 3


class Feature(Base):
    __tablename__ = "features"
    id = Column(Integer, primary_key=True)
    priority = Column(Integer, index=True)
    name = Column(String)
    passes = Column(Boolean, default=False, index=True)
    in_progress = Column(Boolean, default=False, index=True)
    assigned_agent_id = Column(String)


def connect(path):
    engine = create_engine(
        f"sqlite:///{path}", connect_args={"check_same_thread": False, "timeout": 30}
    )
    return engine, sessionmaker(bind=engine)


def claim_next(session, agent):
    feature = (
        session.query(Feature)
        .filter(Feature.passes == False, Feature.in_progress == False)  # noqa: E712
        .order_by(Feature.priority.asc(), Feature.id.asc())
        .with_for_update()
        .first()
    )
    if feature is None:
        return None
    feature.in_progress = True
    feature.assigned_agent_id = agent
    session.commit()
    session.refresh(feature)
    return feature.id


def work(path, agent, start, results):
    _, factory = connect(path)
    session = factory()
    got = []
    start.wait()
    while True:
        try:
            number = claim_next(session, agent)
        except OperationalError:
            session.rollback()
            continue
        if number is None:
            break
        got.append(number)
    results.put(got)


def main(path):
    engine, factory = connect(path)
    Base.metadata.create_all(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    session = factory()
    session.add_all(
        Feature(priority=n, name=f"Feature {n}", passes=False, in_progress=False)
        for n in range(1, FEATURES + 1)
    )
    session.commit()
    session.close()
    start = multiprocessing.Event()
    results = multiprocessing.Queue()
    workers = [
        multiprocessing.Process(target=work, args=(path, f"agent-{n}", start, results))
        for n in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    time.sleep(1)
    begun = time.monotonic()
    start.set()
    claims = [number for _ in workers for number in results.get()]
    seconds = time.monotonic() - begun
    for worker in workers:
        worker.join()
    twice = sum(count > 1 for count in collections.Counter(claims).values())
    print(json.dumps({"per_second": len(claims) / seconds, "claims": len(claims), "twice": twice}))


if __name__ == "__main__":
    main(sys.argv[1])

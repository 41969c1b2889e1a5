"""OpenStack Swift in one process, its objects in memory: `serve-swift.py FOLDER` prints the address and serves until its standard input ends."""
import os
import sys

folder = sys.argv[1]
import eventlet

eventlet.monkey_patch()
from eventlet import wsgi
from swift.common import ring, utils, wsgi as swift_wsgi
from swift.common.ring import RingBuilder

DEVICES = os.path.join(folder, 'devices')
SERVERS = ('account', 'container', 'object')

SERVER = """
[DEFAULT]
swift_dir = {folder}
devices = {devices}
mount_check = false
log_level = ERROR
[pipeline:main]
pipeline = {name}-server
[app:{name}-server]
use = egg:swift#{egg}
"""

# tempauth wants a cache, and only ever asks it for tokens that S3 has not.
PROXY = """
[DEFAULT]
swift_dir = {folder}
log_level = ERROR
[pipeline:main]
pipeline = catch_errors memory s3api tempauth copy slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:memory]
paste.filter_factory = swift_memory:filter_factory
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
"""


class Memory:
    """A cache that remembers nothing."""

    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        environ['swift.cache'] = self
        return self.app(environ, start_response)

    def get(self, *args, **kwargs):
        return None

    def set(self, *args, **kwargs):
        pass

    delete = incr = decr = set


def write(name, text):
    file = os.path.join(folder, name)
    with open(file, 'w') as handle:
        handle.write(text)
    return file


def serve(name, text, socket):
    app = swift_wsgi.loadapp(write(name + '.conf', text))
    eventlet.spawn(wsgi.server, socket, app, log_output=False, protocol=swift_wsgi.SwiftHttpProtocol)
    return app


def main():
    sys.modules['swift_memory'] = type(sys)('swift_memory')
    sys.modules['swift_memory'].filter_factory = lambda *_, **__: Memory
    utils.HASH_PATH_SUFFIX = utils.HASH_PATH_PREFIX = b'atlas'
    utils.validate_hash_conf = ring.ring.validate_configuration = lambda: None
    sockets = {name: eventlet.listen(('127.0.0.1', 0)) for name in SERVERS + ('proxy',)}
    os.makedirs(os.path.join(DEVICES, 'sda'))
    write('swift.conf', '[swift-hash]\nswift_hash_path_suffix = atlas\n')
    for name in SERVERS:
        builder = RingBuilder(part_power=1, replicas=1, min_part_hours=0)
        port = sockets[name].getsockname()[1]
        builder.add_dev({'region': 0, 'zone': 0, 'weight': 1, 'ip': '127.0.0.1', 'port': port, 'device': 'sda'})
        builder.rebalance()
        builder.get_ring().save(os.path.join(folder, name + '.ring.gz'))
    for name in SERVERS:
        egg = 'mem_object' if name == 'object' else name
        serve(name, SERVER.format(folder=folder, devices=DEVICES, name=name, egg=egg), sockets[name])
    serve('proxy', PROXY.format(folder=folder), sockets['proxy'])

    sys.stdout.write('http://127.0.0.1:%d\n' % sockets['proxy'].getsockname()[1])
    sys.stdout.flush()
    from eventlet.green import os as green_os
    eventlet.tpool.execute(sys.__stdin__.buffer.read)


main()

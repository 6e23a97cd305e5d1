import { get } from 'node:http'
import { connect } from 'node:http2'
import type { LiveAnswer, LiveCase } from '../live-case.ts'

const isGood = ({
  refused,
}: {
  readonly refused: { readonly nginx: string | null; readonly apache: string | null }
}) => refused.nginx === null && refused.apache === null

/** Either end may wait for bytes that the other does not send, until nginx answers 504. */
const isNotUnderstood: LiveCase['harm'] = ({ response }) =>
  response.status === 502 || response.failure === 'ETIMEDOUT'

/** How many members of a balancer answer several requests of one session. */
async function membersOf({ request }: LiveAnswer): Promise<number> {
  const ports = new Set<unknown>()
  for (let count = 0; count < 4; count++) {
    const { report } = await request({
      url: 'http://example.org/',
      headers: { Cookie: 'JSESSIONID=abc.a' },
    })
    ports.add(report?.port)
  }
  return ports.has(undefined) ? 0 : ports.size
}

export const cases: readonly LiveCase[] = [
  {
    rule: 'topology/error-pages-replace-api',
    shows: 'nginx sends a page in place of the answer of the API',
    examples: { bad: 'for the whole server of nginx', good: 'off for the API of nginx' },
    mirrors: [9000, 9001],
    request: { url: 'http://example.org/api/orders?status=422' },
    harm: ({ response }) => response.status === 422 && response.body.startsWith('<p>'),
    sound: ({ response }) => response.status === 422 && response.report !== null,
  },
  {
    rule: 'topology/error-pages-replace-api',
    shows: 'Apache sends a page in place of the answer of the API',
    examples: { bad: 'in Apache', good: 'errors of the server alone, in Apache' },
    mirrors: [9000],
    request: { url: 'http://example.org/api/orders?status=404' },
    harm: ({ response }) => response.status === 404 && response.body.startsWith('<p>'),
    sound: ({ response }) => response.status === 404 && response.report !== null,
  },
  {
    rule: 'topology/proxy-protocol-mismatch',
    examples: { bad: 'Apache, which waits for it', good: 'Apache, which does not wait for it' },
    shows: 'Apache drops the connection, and nginx answers 502',
    request: { url: 'http://example.org/index.html' },
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.body === 'page',
  },
  {
    rule: 'topology/own-prefix-stripped',
    examples: {
      bad: 'a path that Apache knows by an Alias',
      good: 'the path that Apache knows by an Alias as it came',
    },
    shows: 'the file of the Alias is not found',
    request: { url: 'http://example.org/docs/page.txt' },
    harm: ({ response }) => response.status === 404 || response.status === 403,
    sound: ({ response }) => response.body === 'docs',
  },
  {
    rule: 'topology/client-chooses-backend',
    shows: 'a client has nginx ask an address that it names itself',
    examples: {
      bad: 'whatever name a client asks for',
      good: 'the name that a client asks for, of those that the server has',
    },
    mirrors: [8080],
    request: { url: 'http://127.0.0.1/' },
    harm: ({ response }) => response.report?.port === '8080',
    sound: ({ response }) => response.status === 404,
  },
  {
    rule: 'topology/host-selects-wrong-server',
    examples: { bad: 'the address of nginx', good: 'the name of the client' },
    shows: 'the default server of nginx answers',
    files: { 'srv/www/index.html': 'the site' },
    request: { url: 'http://example.org/index.html' },
    harm: ({ response }) => response.status === 403,
    sound: ({ response }) => response.body === 'the site',
  },
  {
    rule: 'topology/proxy-protocol-mismatch',
    examples: { bad: 'HTTP to a port for the PROXY protocol', good: 'HTTP to a port of its own' },
    shows: 'the listener drops the connection',
    request: { url: 'http://example.org/' },
    harm: ({ response, log }) =>
      response.status === 502 && log.includes('broken header') && log.includes('reading PROXY protocol'),
    sound: ({ response }) => response.body === 'here',
  },
  {
    rule: 'topology/grpc-without-http2',
    examples: { bad: 'a plain port', good: 'HTTP/2 on the port' },
    shows: 'a client of HTTP/2 gets no answer in it',
    request: { url: 'http://grpc.example.org:50051/' },
    harm: async () => (await http2Status(50051)) === null,
    // Nothing listens behind it: the answer is one in HTTP/2 all the same.
    sound: async () => (await http2Status(50051)) !== null,
  },
  {
    rule: 'topology/sticky-without-route',
    examples: { bad: 'an option of ProxyPass', good: 'a route for each' },
    shows: 'two requests of one session reach two members',
    mirrors: [3000, 3001],
    request: { url: 'http://example.org/', headers: { Cookie: 'JSESSIONID=abc.a' } },
    harm: async answer => (await membersOf(answer)) === 2,
    sound: async answer => (await membersOf(answer)) === 1,
  },
  {
    rule: 'topology/upstream-port-not-listened',
    examples: { bad: 'one digit apart', good: 'the same port' },
    shows: 'nginx answers 502 while both servers call their configuration good',
    files: { 'srv/www/index.html': 'page' },
    request: { url: 'http://example.org/index.html' },
    harm: answer => answer.response.status === 502 && isGood(answer),
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'topology/upstream-address-mismatch',
    examples: { bad: 'the other version of loopback', good: 'the same address' },
    shows: 'nginx answers 502: the port is right and the address is not',
    files: { 'srv/www/index.html': 'page' },
    request: { url: 'http://example.org/index.html' },
    harm: answer => answer.response.status === 502 && isGood(answer),
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'topology/upstream-public-name',
    examples: { bad: 'the site’s own name as its upstream', good: 'loopback' },
    shows: 'where the name is that of a public address, loopback is not asked',
    hosts: { 'example.org': '127.0.0.2' },
    mirrors: [9000],
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'topology/upstream-self-loop',
    examples: { bad: 'the port of nginx instead of the backend’s', good: 'the backend’s port' },
    shows: 'nginx asks itself until it gives up',
    mirrors: [8000],
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.status >= 500,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'topology/vhost-unreachable-port',
    examples: { bad: 'two ports', good: 'the same port' },
    shows: 'nobody answers on the port of the virtual host',
    files: { 'srv/www/index.html': 'page' },
    request: { url: 'http://example.org:9001/index.html' },
    harm: answer => answer.response.failure === 'ECONNREFUSED' && isGood(answer),
    sound: async ({ request }) =>
      (await request({ url: 'http://example.org:9000/index.html' })).status === 200,
  },
  {
    rule: 'topology/host-selects-wrong-vhost',
    shows: 'another site answers the second name',
    examples: { bad: 'the second name of a site', good: 'the same names' },
    files: { 'srv/blog/index.html': 'blog', 'srv/shop/index.html': 'shop' },
    request: { url: 'http://www.shop.example.org/index.html' },
    harm: ({ response }) => response.body === 'blog',
    sound: ({ response }) => response.body === 'shop',
  },
  {
    rule: 'topology/host-selects-wrong-vhost',
    examples: { bad: 'one letter', good: 'the same names' },
    shows: 'the other site answers',
    files: { 'srv/blog/index.html': 'blog', 'srv/shop/index.html': 'shop' },
    request: { url: 'http://shop.example.org/index.html' },
    harm: ({ response }) => response.body === 'blog',
    sound: ({ response }) => response.body === 'shop',
  },
  {
    rule: 'topology/listen-without-vhost',
    examples: { bad: 'a virtual host on another port', good: 'a virtual host on the port' },
    shows: 'the main server answers, and it has no such page',
    files: { 'srv/www/index.html': 'page' },
    request: { url: 'http://example.org/index.html' },
    harm: answer => answer.response.status === 404 && isGood(answer),
    sound: ({ response }) => response.body === 'page',
  },
  {
    rule: 'topology/named-location-missing',
    examples: { bad: 'two spellings', good: 'the same name' },
    shows: 'nginx answers 500 while it calls its configuration good',
    mirrors: [9000],
    request: { url: 'http://example.org/nothing' },
    harm: answer => answer.response.status === 500 && isGood(answer),
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'topology/servername-mismatch-single-vhost',
    examples: { bad: 'a name left from another machine', good: 'the same name' },
    shows: 'the interpreter goes by a name that nobody asked for',
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.report?.application_group === 'old.example.net|',
    sound: ({ response }) => response.report?.application_group === 'example.org|',
  },
  {
    rule: 'topology/try-files-fallback-lost',
    examples: { bad: 'a location that only adds a header', good: 'repeated' },
    shows: 'the location answers 404 instead of the application',
    mirrors: [9000],
    request: { url: 'http://example.org/account' },
    harm: ({ response }) => response.status === 404,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'topology/upstream-undefined',
    examples: { bad: 'two letters swapped', good: 'the same name' },
    shows: 'nginx refuses its configuration',
    mirrors: [9000],
    request: { url: 'http://example.org/' },
    harm: ({ refused }) => refused.nginx?.includes('host not found in upstream "djagno"') === true,
    sound: answer => answer.response.status === 200 && isGood(answer),
  },
  {
    rule: 'topology/static-bypasses-backend-acl',
    examples: { bad: 'a closed directory below a root', good: 'closed in nginx as well' },
    shows: 'nginx gives a page that Apache refuses',
    files: { 'srv/site/files/internal/page.html': 'internal' },
    request: { url: 'http://example.org/files/internal/page.html' },
    harm: async ({ response, request }) =>
      response.body === 'internal' &&
      (await request({ url: 'http://example.org:9000/files/internal/page.html' })).status === 403,
    sound: ({ response }) => response.status === 403,
  },
  {
    rule: 'topology/resolver-missing',
    examples: { bad: 'the name of a container', good: 'Docker’s name server' },
    shows: 'nginx cannot resolve the name, though the system can',
    hosts: { app: '127.0.0.1' },
    mirrors: [9000],
    request: { url: 'http://example.org/' },
    harm: ({ response, log }) =>
      response.status === 502 && log.includes('no resolver defined to resolve app'),
    sound: ({ log }) => !log.includes('no resolver defined'),
  },
  {
    rule: 'topology/resolver-missing',
    shows: 'a name that is written out is not looked up either, where a variable follows',
    examples: {
      bad: 'a variable behind the name',
      good: 'a name that another line has nginx look up at its start',
    },
    mirrors: [9000],
    request: { url: 'http://example.org/' },
    harm: ({ response, log }) => response.status === 502 && log.includes('no resolver defined'),
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'topology/regex-takes-proxied-path',
    examples: { bad: 'pictures that a backend makes', good: 'regular expressions are kept out' },
    shows: 'a picture of the backend is looked for on the disk',
    mirrors: [9000],
    request: { url: 'http://example.org/icons/a.png' },
    harm: ({ response }) => response.status === 404,
    sound: ({ response }) => response.report?.path === '/icons/a.png',
  },
  {
    rule: 'topology/pass-not-inherited',
    shows: 'a style sheet of the backend is looked for on the disk',
    examples: { bad: 'style sheets of the application', good: 'proxied, too' },
    mirrors: [9000],
    request: { url: 'http://example.org/app.css' },
    harm: ({ response }) => response.status === 404,
    sound: ({ response }) => response.report?.path === '/app.css',
  },
  {
    rule: 'topology/pass-not-inherited',
    shows: 'the page for some addresses is not asked of the backend',
    examples: { bad: 'a page for some addresses', good: 'proxied for some addresses' },
    mirrors: [9000],
    request: { url: 'http://example.org/admin/users' },
    harm: ({ response }) => response.status === 404,
    sound: ({ response }) => response.report?.path === '/admin/users',
  },
  {
    rule: 'topology/pass-not-inherited',
    shows: 'a location in the one that proxies looks for a file',
    examples: {
      bad: 'a location in the one that proxies',
      good: 'a location in the one that proxies, with its own line',
    },
    mirrors: [9000],
    request: { url: 'http://example.org/shop/app.css' },
    harm: ({ response }) => response.status === 404,
    sound: ({ response }) => response.report?.path === '/shop/app.css',
  },
  {
    rule: 'topology/client-chooses-backend',
    examples: { bad: 'a host in the path', good: 'a path that begins with its slash' },
    shows: 'a port of the own machine answers whoever names it',
    mirrors: [9000],
    request: { url: 'http://example.org/proxy/127.0.0.1:9000/secret' },
    harm: ({ response }) => response.report?.path === '/secret',
    sound: ({ response }) => response.report === null,
  },
  {
    rule: 'topology/client-chooses-backend',
    shows: 'a map hands on the address that an argument names',
    examples: {
      bad: 'an argument, by way of a map that leaves it as it is',
      good: 'a header and a cookie of which a map and a condition take what they know',
    },
    mirrors: [9000, 9001],
    request: {
      url: 'http://example.org/node/?node=127.0.0.1:9001',
      headers: { cookie: 'node=127.0.0.1:9001' },
    },
    harm: ({ response }) => response.report?.port === '9001',
    sound: ({ response }) => response.report?.port === '9000',
  },
  {
    rule: 'topology/client-chooses-backend',
    shows: 'a condition takes the address from a header',
    examples: {
      bad: 'a header that replaces a value of its own',
      good: 'a header and a cookie of which a map and a condition take what they know',
    },
    mirrors: [9000, 9001],
    request: { url: 'http://example.org/node/', headers: { 'x-backend': '127.0.0.1:9001' } },
    harm: ({ response }) => response.report?.port === '9001',
    sound: ({ response }) => response.report?.port === '9000',
  },
  {
    rule: 'topology/client-chooses-backend',
    shows: 'a port of the own machine answers behind an address that no slash ends',
    examples: { bad: 'a host that goes on in the path', good: 'a path that begins with its slash' },
    mirrors: [9000],
    request: { url: 'http://example.org/api:9000/secret' },
    harm: ({ response }) => response.report?.path === '/secret',
    sound: ({ response }) => response.report === null,
  },
  {
    rule: 'topology/backend-not-listening',
    examples: {
      bad: 'TCP in nginx, a socket in the pool',
      good: 'the same socket, by the link that /var/run is',
    },
    shows: 'PHP-FPM listens on a socket, and nginx connects to a port',
    files: { 'srv/www/index.php': '<?php echo "done";\n' },
    request: { url: 'http://example.org/index.php' },
    harm: ({ response, log }) => response.status === 502 && log.includes('Connection refused'),
    sound: ({ response }) => response.body === 'done',
  },
  {
    rule: 'topology/backend-not-listening',
    shows: 'systemd opens a socket of another name',
    examples: { bad: 'another name for the socket of a unit', good: 'a bare port is every address' },
    files: { 'srv/www/index.php': '<?php echo "done";\n' },
    request: { url: 'http://example.org/index.php' },
    harm: ({ response, log }) => response.status === 502 && log.includes('No such file or directory'),
    sound: ({ response }) => response.body === 'done',
  },
  {
    rule: 'topology/backend-not-listening',
    shows: 'gunicorn opens a port, and nobody the socket in its directory',
    examples: {
      bad: 'a socket of the application in Python, which listens on a port',
      good: 'a bare port is every address',
    },
    files: { 'srv/www/index.php': '<?php echo "done";\n', 'srv/shop/': '' },
    request: { url: 'http://example.org/index.php' },
    harm: ({ response, log }) => response.status === 502 && log.includes('No such file or directory'),
    sound: ({ response }) => response.body === 'done',
  },
  {
    rule: 'topology/backend-not-listening',
    shows: 'Apache answers 503: no pool has the socket',
    examples: {
      bad: 'Apache, and the socket of a version that is gone',
      good: 'Apache, the socket of the pool, and FastCGI that is not for PHP',
    },
    files: { 'srv/www/index.php': '<?php echo "done";\n' },
    request: { url: 'http://example.org/index.php' },
    harm: ({ response, log }) => response.status === 503 && log.includes('AH02454'),
    sound: ({ response }) => response.body === 'done',
  },
  {
    rule: 'topology/backend-not-listening',
    shows: 'Apache answers 503: the pool has a socket and no port',
    examples: {
      bad: 'Apache, and a port where the pool has a socket',
      good: 'Apache, the socket of the pool, and FastCGI that is not for PHP',
    },
    files: { 'srv/www/index.php': '<?php echo "done";\n' },
    request: { url: 'http://example.org/index.php' },
    harm: ({ response }) => response.status === 503,
    sound: ({ response }) => response.body === 'done',
  },
  {
    rule: 'topology/protocol-mismatch',
    examples: { bad: 'uwsgi to gunicorn, which speaks HTTP', good: 'HTTP to gunicorn' },
    shows: 'gunicorn does not understand uwsgi',
    request: { url: 'http://example.org/', patience: 1500 },
    harm: isNotUnderstood,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'topology/protocol-mismatch',
    shows: 'PHP-FPM does not understand HTTP',
    examples: { bad: 'HTTP to PHP-FPM', good: 'FastCGI to PHP-FPM' },
    files: { 'srv/www/index.php': '<?php echo "done";\n' },
    request: { url: 'http://example.org/index.php' },
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.status !== 502,
  },
  {
    rule: 'topology/protocol-mismatch',
    shows: 'a gunicorn without a certificate does not understand TLS',
    examples: {
      bad: 'TLS to a gunicorn without a certificate',
      good: 'TLS to a gunicorn with a certificate',
    },
    request: { url: 'http://example.org/', patience: 1500 },
    harm: isNotUnderstood,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'topology/socket-in-private-tmp',
    shows: 'nginx has another /tmp, where no socket is',
    examples: { bad: 'the unit of nginx', good: 'one /tmp for both' },
    request: { url: 'http://example.org/' },
    harm: ({ response, log }) => response.status === 502 && log.includes('No such file or directory'),
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'topology/socket-in-private-tmp',
    shows: 'the application has another /var/tmp, and makes its socket there',
    examples: { bad: 'the unit of the application', good: 'a directory below /run' },
    request: { url: 'http://example.org/' },
    harm: ({ response, log }) => response.status === 502 && log.includes('No such file or directory'),
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'topology/http-to-tls-port',
    examples: { bad: 'port 443 without TLS', good: 'TLS to port 443' },
    shows: 'the port of TLS answers 400 to plain HTTP',
    files: {
      'tls.conf':
        'server {\n    listen 443 ssl;\n    ssl_certificate /srv/a.pem;\n    ssl_certificate_key /srv/a.key;\n    return 204;\n}\n',
    },
    request: { url: 'http://example.org/', from: '192.0.2.7' },
    harm: ({ response }) =>
      response.status === 400 && response.body.includes('plain HTTP request was sent to HTTPS port'),
    sound: ({ response }) => response.status === 204,
  },
  {
    rule: 'topology/http-to-tls-port',
    examples: { bad: 'Apache, and TLS to port 80', good: 'Apache, and TLS to port 443' },
    shows: 'the handshake of Apache with a port of plain HTTP fails',
    request: { url: 'http://example.org/', from: '192.0.2.7' },
    harm: ({ response }) => response.body.includes('Error during SSL Handshake with remote server'),
  },
  {
    rule: 'topology/events-buffered',
    examples: { bad: 'a location that is called so', good: 'not buffered' },
    shows: 'the first event comes when the stream ends',
    mirrors: [9000],
    request: { url: 'http://example.org/events?events', until: 'data: first', patience: 700 },
    harm: ({ response }) => response.failure === 'ETIMEDOUT',
    sound: ({ response }) => response.body.includes('data: first'),
  },
  {
    rule: 'topology/upstream-public-name',
    shows: 'Apache listens on loopback, and the name leads elsewhere',
    examples: { bad: 'and Apache on loopback', good: 'loopback on both sides' },
    hosts: { 'example.org': '127.0.0.2' },
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.status > 0 && response.status !== 502,
  },
  {
    rule: 'topology/ip-hash-sees-proxy',
    examples: {
      bad: 'behind a proxy on the same machine',
      good: 'the client’s address is taken from the proxy',
    },
    shows: 'one server gets the requests of all clients',
    mirrors: [9000, 9001],
    request: { url: 'http://example.org:8080/' },
    harm: async ({ request }) => (await serversOfClients(request)).size === 1,
    sound: async ({ request }) => (await serversOfClients(request)).size === 2,
  },
  {
    rule: 'topology/upstream-servers-down',
    examples: { bad: 'both', good: 'one of two' },
    shows: 'nginx asks no server',
    mirrors: [9000],
    request: { url: 'http://example.org/' },
    harm: ({ response, log }) => response.status === 502 && log.includes('no live upstreams'),
    sound: ({ response }) => response.report?.port === '9000',
  },
  {
    rule: 'topology/own-prefix-stripped',
    examples: { bad: 'a slash at the end', good: 'the path as it came' },
    shows: 'the backend is asked without the path',
    mirrors: [9000],
    request: { url: 'http://example.org/socket.io/?EIO=4' },
    harm: ({ response }) => response.report?.path === '/?EIO=4',
    sound: ({ response }) => response.report?.path === '/socket.io/?EIO=4',
  },
  {
    rule: 'topology/events-buffered',
    examples: {
      bad: 'an application that sends events',
      good: 'an application whose answers come in chunks',
    },
    shows: 'all events come at the end',
    request: { url: 'http://example.org/clock' },
    harm: async () => (await spreadOf('/clock')) < 500,
    sound: async () => (await spreadOf('/clock')) > 1500,
  },
  {
    rule: 'topology/x-accel-unanswered',
    examples: { bad: 'a location by another name', good: 'the location' },
    shows: 'the file is not found',
    request: { url: 'http://example.org/invoices/1/' },
    harm: ({ response }) => response.status === 404,
    sound: ({ response }) => response.body.includes('an invoice'),
  },
  {
    rule: 'topology/x-accel-unanswered',
    examples: { bad: 'the directory of the settings', good: 'the location' },
    shows: 'the file is not found by its path on the disk',
    request: { url: 'http://example.org/invoices/1/' },
    harm: ({ response }) => response.status === 404,
    sound: ({ response }) => response.body.includes('an invoice'),
  },
  {
    rule: 'topology/path-not-routed',
    examples: { bad: 'routes of Flask', good: 'the path is taken away' },
    shows: 'the application answers 404',
    request: { url: 'http://example.org/api/users' },
    harm: ({ response }) => response.status === 404,
    sound: ({ response }) => response.body === 'users',
  },
  {
    rule: 'topology/path-not-routed',
    examples: { bad: 'the path on both sides of Apache', good: 'Apache, which takes the path away' },
    shows: 'the application behind Apache answers 404',
    request: { url: 'http://example.org/api/users' },
    harm: ({ response }) => response.status === 404,
    sound: ({ response }) => response.body === 'users',
  },
  {
    rule: 'topology/own-prefix-stripped',
    examples: {
      bad: 'routes of Flask behind Apache',
      good: 'routes of Flask behind Apache, and the path on both sides',
    },
    shows: 'the application behind Apache answers 404',
    request: { url: 'http://example.org/api/items' },
    harm: ({ response }) => response.status === 404,
    sound: ({ response }) => response.body === 'items',
  },
  {
    rule: 'topology/dav-destination-scheme',
    shows: 'a file cannot be renamed',
    examples: { bad: 'nginx terminates TLS', good: 'Apache takes it for its own scheme' },
    request: {
      url: 'https://example.org/notes.txt',
      method: 'MOVE',
      headers: { Destination: 'https://example.org/renamed.txt' },
    },
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.status === 201,
  },
  {
    rule: 'topology/regex-takes-rewritten-path',
    shows: 'Apache is not asked for what it makes',
    examples: { bad: 'thumbnails', good: 'what is not there goes to Apache' },
    request: { url: 'http://example.org/thumbnails/1/x.jpg' },
    harm: ({ response }) => response.status === 404,
    // Nothing listens for PHP: 503 says that Apache has tried to reach it.
    sound: ({ response }) => response.status === 503,
  },
  {
    rule: 'topology/regex-takes-rewritten-path',
    shows: 'Apache is not asked for a picture that has another name',
    examples: {
      bad: 'names of pictures, each of which leads to another file',
      good: 'names of pictures, which are passed to Apache',
    },
    files: { 'srv/www/img/p/1/1-home.jpg': 'picture\n' },
    request: { url: 'http://example.org/1-home/linen-shirt.jpg' },
    harm: ({ response }) => response.status === 404,
    sound: ({ response }) => response.status === 200 && response.body === 'picture\n',
  },
  {
    rule: 'topology/localhost-misspelt',
    examples: { bad: 'a proxied server', good: 'the name' },
    shows: 'nginx finds no such host and does not start',
    request: { url: 'http://example.org/' },
    harm: ({ refused }) => /host not found in upstream "locahost"/.test(refused.nginx ?? ''),
    sound: ({ refused }) => refused.nginx === null,
  },
]

/** The milliseconds between the first piece of a body and its end. */
function spreadOf(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', path, headers: { Host: 'example.org' } }, answer => {
      let first: number | null = null
      answer.on('data', () => {
        first ??= performance.now()
      })
      answer.on('end', () => resolve(first === null ? 0 : performance.now() - first))
    }).on('error', reject)
  })
}

/** The status of an answer over HTTP/2 without TLS, as a client that knows of it beforehand gets it; null for none. */
function http2Status(port: number): Promise<number | null> {
  return new Promise(resolve => {
    const session = connect(`http://127.0.0.1:${port}`)
    const end = (status: number | null): void => {
      session.destroy()
      resolve(status)
    }
    session.on('error', () => end(null))
    const stream = session.request({ ':path': '/', ':authority': 'grpc.example.org' })
    stream.on('response', headers => end(headers[':status'] ?? null))
    stream.on('error', () => end(null))
    stream.end()
  })
}

/** The ports of the backends that answer clients of several networks, whom a proxy on this machine names. */
async function serversOfClients(request: LiveAnswer['request']): Promise<ReadonlySet<string | undefined>> {
  const ports = new Set<string | undefined>()
  for (let network = 1; network <= 12; network++) {
    const headers = { 'X-Forwarded-For': `192.0.${network}.7` }
    const { report } = await request({ url: 'http://example.org:8080/', headers })
    ports.add(String(report?.port))
  }
  return ports
}

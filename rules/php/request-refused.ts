import type { FpmPool } from '../../parsers/php/fpm.ts'
import type { Deployment, NginxConnection, PhpFpmProgram, Target } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { EXISTING } from '../../src/deployment/requests/made-up-requests.ts'
import { requestParameters } from '../../src/servers/nginx/queries/request-headers.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { isLoopback } from '../../src/servers/address.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { sampleTexts } from '../../src/servers/pcre/sample-texts.ts'
import { fromBytes } from '../../src/servers/regex.ts'
import { apacheSite } from '../_examples.ts'
import { deniedByApache, deniedEnding } from './_denied-endings.ts'
import { phpPool, phpSite } from './_examples.ts'

const tree = (location: string, pool = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': phpSite('').replace('\\.php$', () => location),
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(pool),
})
/** Apache in front of the pool. */
const apache = (lines: string, pool = ''): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheSite(lines, ['proxy', 'proxy_fcgi', 'mime']),
  'etc/apache2/mime.types': 'text/css css\n',
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(pool),
})
const handler = (pattern: string): string => conf`
  <FilesMatch ${pattern}>
      SetHandler "proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost"
  </FilesMatch>
`
/** A location for the pages of FPM itself. */
const status = (path: string, line: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': phpSite(
    '',
    conf`
      location = «${path}» {
          allow 127.0.0.1;
          deny all;
          include fastcgi_params;
          fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
          fastcgi_pass unix:/run/php/php8.2-fpm.sock;
      }
    `,
  ),
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(line),
})
const plain = (files: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([path, text]) => [path, text.replaceAll(/[«»]/g, '')]))
const overTcp = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': phpSite('').replace('unix:/run/php/php8.2-fpm.sock', '127.0.0.1:9000'),
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(lines).replace('/run/php/php8.2-fpm.sock', '127.0.0.1:9000'),
})
const containers = (lines: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      nginx:
        image: nginx:1.27
        volumes:
          - ./site.conf:/etc/nginx/conf.d/default.conf
          - ./www:/var/www/html
      php:
        image: php:8.3-fpm
        volumes:
          - ./pool.conf:/usr/local/etc/php-fpm.d/zz-pool.conf
          - ./www:/var/www/html
  `,
  'site.conf': conf`
    server {
        listen 80;
        server_name example.org;
        root /var/www/html;
        location ~ \.php$ {
            include fastcgi_params;
            fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
            fastcgi_pass php:9000;
        }
    }
  `,
  'pool.conf': conf`
    [www]
    listen = 9000
    ${lines}
  `,
  'www/index.php': '<?php\n',
})

export default defineRule({
  summary: 'PHP-FPM refuses the connection of nginx, or the file that nginx or Apache passes',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: "`listen.allowed_clients` names the addresses that may connect. nginx in another container is none of `127.0.0.1`: FPM closes the connection (`Connection disallowed: IP address '172.18.0.3' has been dropped`), and nginx answers 502. And of the files that it is passed FPM runs those alone whose names end as `security.limit_extensions` says, `.php` and `.phar` by itself: all others are answered with 403 and `Access denied.`",
  remedy:
    'Take `listen.allowed_clients` out where the network of the containers is closed; add the ending to `security.limit_extensions`',
  references: [
    'https://www.php.net/manual/en/install.fpm.configuration.php#listen-allowed-clients',
    'https://www.php.net/manual/en/install.fpm.configuration.php#security-limit-extensions',
  ],
  bad: [
    { title: 'pages that end in `.html`', files: tree('«\\.(php|html)$»') },
    {
      title: 'pages that end in `.phtml`, in the file of a site alone',
      files: {
        'etc/nginx/conf.d/shop.conf': conf`
          server {
              listen 80;
              server_name example.org;
              root /srv/www;
              location ~ «\.(phtml|php)$» {
                  try_files $uri =404;
                  include fastcgi_params;
                  fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
                  fastcgi_pass unix:/run/php/php8.2-fpm.sock;
              }
          }
        `,
        'etc/php/8.2/fpm/pool.d/www.conf': phpPool(''),
      },
    },
    { title: 'a handler of Apache for pages', files: apache(handler('«"\\.(php|html)$"»')) },
    {
      title: 'a section of Apache for pages alone',
      files: apache(
        handler('«"*.html"»').replaceAll('FilesMatch', 'Files'),
        'security.limit_extensions = .php .php8',
      ),
    },
    {
      title: 'an expression of Apache for paths',
      files: apache(
        'ProxyPassMatch «^/(.*\\.(?:php|htm))$» unix:/run/php/php8.2-fpm.sock|fcgi://localhost/srv/www/',
      ),
    },
    { title: 'an address of nobody', files: overTcp('listen.allowed_clients = «10.0.0.9»') },
    { title: 'the loopback of another container', files: containers('listen.allowed_clients = «127.0.0.1»') },
    {
      title: 'the status page under another name',
      files: status('/fpm-status', 'pm.status_path = /status'),
    },
    { title: 'a status page that the pool does not have', files: status('/status', 'pm.max_requests = 500') },
  ],
  good: [
    {
      title: 'endings that the pool has',
      files: tree('\\.(php|html)$', 'security.limit_extensions = .php .html'),
    },
    {
      title: 'endings of Apache that the pool has',
      files: apache(handler('"\\.(php|html)$"'), 'security.limit_extensions = .php .html'),
    },
    { title: 'every ending', files: apache(handler('"\\.(php|html)$"'), 'security.limit_extensions =') },
    { title: 'the line of Debian for Apache', files: apache(handler('".+\\.ph(?:ar|p|tml)$"')) },
    {
      title: 'pages that a later section of Apache takes back',
      files: apache(
        `${handler('"\\.(php|html)$"')}<FilesMatch "\\.html$">\n    SetHandler none\n</FilesMatch>`,
      ),
    },
    { title: 'the status page by its name', files: plain(status('/status', 'pm.status_path = /status')) },
    { title: 'the answer to a ping', files: plain(status('/ping', 'ping.path = /ping')) },
    { title: 'scripts alone', files: tree('\\.php$') },
    {
      title: 'every ending that the location takes, in the file of a site alone',
      files: {
        'etc/nginx/conf.d/shop.conf': conf`
          server {
              listen 80;
              server_name example.org;
              root /srv/www;
              location ~ \.(phtml|php)$ {
                  include fastcgi_params;
                  fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
                  fastcgi_pass unix:/run/php/php8.2-fpm.sock;
              }
          }
        `,
        'etc/php/8.2/fpm/pool.d/www.conf': phpPool('security.limit_extensions = .php .phtml'),
      },
    },
    { title: 'an optional digit', files: tree('\\.php\\d?$') },
    { title: 'the address of nginx', files: overTcp('listen.allowed_clients = 127.0.0.1') },
    { title: 'every container', files: containers('pm = static\npm.max_children = 5') },
    { title: 'a network', files: containers('listen.allowed_clients = 172.18.0.3') },
  ],
  *check(deployment) {
    for (const connection of deployment.connections.nginx) {
      if (connection.pass.name !== 'fastcgi_pass') continue
      for (const target of connection.targets) {
        const { to } = target
        if (to.kind !== 'listener' || to.listener.program.kind !== 'php-fpm') continue
        const { program } = to.listener
        const dropped = droppedBy(program, connection, target)
        if (dropped !== null) yield dropped
        const denied = deniedBy(deployment, program.pool, connection)
        if (denied !== null) yield denied
        const unknown = unknownPage(program.pool, connection)
        if (unknown !== null) yield unknown
      }
    }
    for (const connection of deployment.connections.apache) {
      for (const { to } of connection.targets) {
        if (to.kind !== 'listener' || to.listener.program.kind !== 'php-fpm') continue
        const denied = deniedByApache(deployment, connection, to.listener.program.pool)
        if (denied !== null) yield denied
      }
    }
  },
})

/** Where the pool drops the connection; null where it does not, or nobody knows. */
function droppedBy(
  { pool, machine }: PhpFpmProgram,
  { from, pass }: NginxConnection,
  { address, machine: reached }: Target,
): RuleFinding | null {
  const clients = pool.listenAllowedClients
  if (clients?.known !== true || clients.at === null || clients.value.length === 0) return null
  if (address.kind === 'unix' || clients.value.some(each => /^(?:any|.*[/*$]).*$/.test(each))) return null
  const isOwn = machine === from.machine && reached === from.machine && isLoopback(address) === true
  const isOther = machine !== from.machine && machine.container !== null && from.machine.container !== null
  const loopback = clients.value.every(each => LOOPBACK.test(each))
  if (isOther ? !loopback : !(isOwn && clients.value.every(each => !LOOPBACK.test(each)))) return null
  return {
    at: clients.at,
    message: isOther
      ? 'nginx connects from another container, whose address is none of these: FPM drops the connection'
      : 'nginx connects from 127.0.0.1, which is none of these: FPM drops the connection',
    label: 'not the address of nginx',
    related: [{ at: argumentPlace(pass, 0), message: 'nginx connects here' }],
  }
}

/** A location for the status page of a pool that has it elsewhere, or has none; null for any other. */
function unknownPage(pool: FpmPool, { block, server }: NginxConnection): RuleFinding | null {
  const { modifier, name, at } =
    block.name === 'location' ? readLocation(block) : { modifier: '', name: '', at: null }
  if (modifier !== '=' || at === null || !/^\/[\w./-]+$/.test(name) || /\.ph(?:p|ar)$/.test(name)) return null
  const own = [pool.statusPath, pool.pingPath]
  const paths = own.flatMap(each => (each?.known === true ? [each.value] : []))
  if (own.some(each => each !== null && !each.known) || paths.includes(name)) return null
  if (paths.length === 0 && !/status|ping/.test(name)) return null
  const sent = requestParameters(server.configuration, block, 'fastcgi')
  const value = (key: string): string | undefined =>
    sent.known ? sent.value.headers.findLast(each => each.name === key)?.value : undefined
  // A line that names another script, or another name for FPM, is another matter.
  if (!/^\$(?:document_root|realpath_root)\$fastcgi_script_name$/.test(value('SCRIPT_FILENAME') ?? ''))
    return null
  if (!/^\$fastcgi_script_name$/.test(value('SCRIPT_NAME') ?? '$fastcgi_script_name')) return null
  const [path] = paths
  return {
    at,
    message:
      path === undefined
        ? `the pool has no \`pm.status_path\`, so \`${name}\` is the name of a script to it, which is not there: File not found`
        : `FPM answers for itself at \`${paths.join('` and `')}\`, and takes \`${name}\` for the name of a script, which is not there: File not found`,
    label: 'no page of FPM',
    related: own.flatMap(each =>
      each?.known === true && each.at !== null ? [{ at: each.at, message: 'the path of the pool' }] : [],
    ),
    help: `Write \`pm.status_path = ${name}\` in the pool`,
  }
}

const LOOPBACK = /^(?:127\.0\.0\.1|::1|::ffff:127\.0\.0\.1|localhost)$/
/** Endings of files that people write for PHP; what else an expression takes may be meant for nobody. */
const OF_PAGES = /^\.(?:html?|phtml|inc|xml|rss|module|shtml|js|css)$/

/** An ending that the location passes and the pool does not run; null where there is none. */
function deniedBy(deployment: Deployment, pool: FpmPool, connection: NginxConnection): RuleFinding | null {
  const { block, server } = connection
  if (block.name !== 'location') return null
  const { modifier, name, at } = readLocation(block)
  if (!modifier.startsWith('~') || !/html?|phtml|inc|xml|rss|js|css|module/i.test(name)) return null
  for (const text of sampleTexts(name, { caseless: modifier === '~*' }).texts) {
    const ending = /\.[a-z]+$/i.exec(fromBytes(text))?.[0]
    if (ending === undefined || !OF_PAGES.test(ending)) continue
    const denied = deniedEnding(pool, ending, at)
    if (denied === null) continue
    // Its server alone is asked: which one a client comes to, a file alone does not say.
    const end = askServer(deployment, server, `/${EXISTING}${ending}`)?.end
    if (end?.kind !== 'pass' || end.scope !== block) continue
    const script = end.sends?.list.findLast(each => each.name === 'SCRIPT_FILENAME')?.value
    const isPassed = script?.known === true ? fromBytes(script.value).endsWith(ending) : namesFile(block)
    if (isPassed) return denied
  }
  return null
}

/** True where the location itself says that the script is the file of the request, whatever else it includes. */
function namesFile({ children }: NginxDirective): boolean {
  const line = children.findLast(
    ({ name, args }) => name === 'fastcgi_param' && args[0]?.value === 'SCRIPT_FILENAME',
  )
  return /\$(?:fastcgi_script_name|uri|document_uri)$/.test(line?.args[1]?.value ?? '')
}

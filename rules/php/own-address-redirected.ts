import { memo } from '../../parsers/collections/memo.ts'
import type { PhpSetting } from '../../parsers/php/script.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import type { RequestEnd } from '../../src/deployment/requests/answer.ts'
import { clientRequest } from '../../src/deployment/requests/made-up-requests.ts'
import { probe, probeRedirects } from '../../src/deployment/requests/probe.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { nginxMain } from '../_examples.ts'
import { phpPool } from './_examples.ts'
import { type OwnAddress, ownAddress, parseUrl } from './_own-address.ts'
import { phpSites } from './_php-sites.ts'

const PHP = conf`
  root /srv/www;
  index index.php;
  location / {
      try_files $uri $uri/ /index.php?$args;
  }
  location ~ \.php$ {
      include fastcgi_params;
      fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
      fastcgi_pass unix:/run/php/php8.2-fpm.sock;
  }
`
const POOL = {
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(),
  'srv/www/index.php': '<?php require __DIR__ . "/start.php";\n',
}
const KEYS = conf`
  ssl_certificate /etc/ssl/example.org.pem;
  ssl_certificate_key /etc/ssl/example.org.key;
`
/** A site of the name with `www.`, to which the other one leads. */
const www = (files: Record<string, string>): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    server {
        listen 80;
        server_name example.org;
        return 301 http://www.example.org$request_uri;
    }
    server {
        listen 80;
        server_name www.example.org;
        ${PHP}
    }
  `),
  ...POOL,
  ...files,
})
/** A site of TLS, to which the plain one leads. */
const tls = (files: Record<string, string>): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    server {
        listen 80;
        server_name example.org;
        return 301 https://$host$request_uri;
    }
    server {
        listen 443 ssl;
        server_name example.org;
        ${KEYS}
        ${PHP}
    }
  `),
  ...POOL,
  ...files,
})
const wordpress = (lines: string): Record<string, string> => ({
  'srv/www/wp-config.php': conf`
    <?php
    ${lines}
    require_once ABSPATH . 'wp-settings.php';
  `,
})
const moodle = (url: string): Record<string, string> => ({
  'srv/www/config.php': conf`
    <?php
    $CFG = new stdClass();
    $CFG->wwwroot = '${url}';
    $CFG->dataroot = '/srv/data';
    require_once(__DIR__ . '/lib/setup.php');
  `,
})
const joomla = (url: string): Record<string, string> => ({
  'srv/www/configuration.php': conf`
    <?php
    class JConfig {
        public $sitename = 'Club';
        public $live_site = '${url}';
    }
  `,
})

export default defineRule({
  summary: 'The address that an application writes of itself is redirected, or is that of no server',
  severity: 'error',
  otherSeverities: { warning: 'where its pages alone suffer: the addresses in them are http://' },
  confidence: 'high',
  since: '0.1.0',
  why: 'WordPress and Moodle send a client that asks another name to the one of their own address. Where the server redirects that name, each sends the client to the other, ERR_TOO_MANY_REDIRECTS. Moodle, Joomla, CodeIgniter and Laravel begin the addresses of their style sheets and forms with it: in a page of https a browser blocks those of http://, and a form that is redirected loses what was typed.',
  remedy: 'Write the address that the server answers without a redirect, with its scheme and name',
  references: [
    'https://developer.wordpress.org/advanced-administration/wordpress/wp-config/#wp-siteurl',
    'https://docs.moodle.org/en/Configuration_file',
    'https://codeigniter.com/user_guide/installation/running.html',
    'https://developer.mozilla.org/docs/Web/Security/Mixed_content',
  ],
  bad: [
    {
      title: 'WordPress without the www. to which nginx redirects',
      files: www(wordpress("define('WP_HOME', '«http://example.org»');")),
    },
    { title: 'Moodle without it', files: www(moodle('«http://example.org»')) },
    { title: 'Moodle at http, which is redirected to TLS', files: tls(moodle('«http://example.org»')) },
    { title: 'Joomla at http', files: tls(joomla('«http://example.org»')) },
    {
      title: 'the assets of Laravel at http',
      files: Object.fromEntries(
        Object.entries(
          tls({
            'srv/www/.env': 'APP_URL=https://example.org\nASSET_URL=«http://example.org»\n',
            'srv/www/artisan': '<?php\n',
            'srv/www/public/index.php': '<?php require __DIR__ . "/../start.php";\n',
          }),
        ).map(([path, text]) => [path, text.replace('root /srv/www;', 'root /srv/www/public;')]),
      ),
    },
    {
      title: 'WordPress at the address of a workplace',
      files: www(wordpress("define('WP_HOME', '«http://localhost:8000»');")),
    },
    {
      title: 'the same behind the snippet of Debian',
      files: {
        'etc/nginx/sites-enabled/site': conf`
          server {
              listen 80;
              server_name example.org;
              root /srv/www;
              location ~ \.php$ {
                  include snippets/fastcgi-php.conf;
                  fastcgi_pass unix:/run/php/php8.2-fpm.sock;
              }
          }
        `,
        ...POOL,
        ...wordpress("define('WP_HOME', '«http://localhost:8000»');"),
      },
    },
  ],
  good: [
    {
      title: 'WordPress with the name that is answered',
      files: www(wordpress("define('WP_HOME', 'http://www.example.org');")),
    },
    {
      title: 'WordPress at http, which follows the scheme of the client',
      files: tls(wordpress("define('WP_HOME', 'http://example.org');")),
    },
    {
      title: 'WordPress that takes the name of the client',
      files: www(wordpress("define('WP_HOME', 'http://' . $_SERVER['HTTP_HOST']);")),
    },
    {
      title: 'an address that hangs on the machine',
      files: www(
        wordpress(conf`
          if (getenv('LOCAL')) {
              define('WP_HOME', 'http://localhost:8000');
          }
        `),
      ),
    },
    { title: 'Moodle at https', files: tls(moodle('https://example.org')) },
    { title: 'Joomla that takes the address of the client', files: tls(joomla('')) },
    {
      title: 'WordPress at an address that another server answers',
      files: www(wordpress("define('WP_HOME', 'http://www.example.com');")),
    },
  ],
  *check(deployment) {
    const seen = new Set<PhpSetting['at']['source']>()
    for (const { files, root, names } of phpSites(deployment)) {
      const own = ownAddress(files, root)
      if (own === null || seen.has(own.at.source)) continue
      const found = ofWorkplace(own, names) ?? redirected(deployment, own, root)
      if (found === null) continue
      seen.add(own.at.source)
      yield found
    }
  },
})

/** An address that is none of the network, of a site that has names there. */
function ofWorkplace(
  { by, name, url, at, redirects }: OwnAddress,
  names: readonly string[] | null,
): RuleFinding | null {
  if (!isLocal(url.hostname) || names === null || names.length === 0) return null
  if (!names.every(each => each.includes('.') && !isLocal(each) && !/^[\d.]+$/.test(each))) return null
  return {
    at,
    message: redirects
      ? `${by} redirects whoever asks \`${names[0]}\` to \`${url.host}\`, its own \`${name}\``
      : `${by} begins the addresses in its pages with \`${url.origin}\`, and clients ask \`${names[0]}\``,
    label: 'on the machine of the client',
    help: `Write the address under which clients ask: \`${names[0]}\``,
  }
}

function isLocal(host: string): boolean {
  return /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$|\.(?:localhost|local|test|invalid|lan|internal)$/.test(
    host,
  )
}

/** An address that the server redirects to another scheme or name of the same application. */
function redirected(deployment: Deployment, own: OwnAddress, root: string): RuleFinding | null {
  const { by, name, url, at } = own
  // A name that nobody here has, another server may answer.
  if (!namesOf(deployment).has(url.hostname)) return null
  const scheme = url.protocol === 'https:' ? 'https' : 'http'
  const request = clientRequest({
    scheme,
    host: url.hostname,
    ...(url.port !== '' && { port: Number(url.port) }),
    target: `${url.pathname.replace(/\/$/, '')}/`,
  })
  const { end } = probe(deployment, request)
  const to = end.kind === 'redirect' ? parseUrl(end.location) : null
  if (end.kind !== 'redirect' || to === null || to.origin === url.origin) return null
  // The redirect is one of the whole site, and leads back to this application.
  if (to.pathname.replace(/\/$/, '') !== url.pathname.replace(/\/$/, '')) return null
  const { requests, end: last } = probeRedirects(deployment, request)
  const answer = requests.at(-1)
  if (last.kind !== 'answered' || answer === undefined || !isOf(answer.end, root)) return null
  const final = answer.request
  const line = end.at === null ? [] : [{ at: end.at, message: 'redirects it' }]
  if (own.redirects && final.host !== url.hostname)
    return {
      at,
      message: `${by} redirects to \`${url.host}\`, its own \`${name}\`, and ${serverName(end)} redirects that to \`${final.host}\`: a loop`,
      label: 'is redirected',
      related: line,
      help: `Write \`${final.host}\``,
    }
  if (!own.links || scheme === 'https' || final.scheme !== 'https') return null
  return {
    at,
    severity: 'warning',
    message: `${by} begins addresses in its pages with \`${url.origin}\`, its own \`${name}\`, which ${serverName(end)} redirects to https: browsers block its style sheets, and its forms lose what was typed`,
    label: 'in pages of https',
    related: line,
    help: 'Write `https://`',
  }
}

const namesOf = memo(
  ({ servers, apacheHosts }: Deployment): ReadonlySet<string> =>
    new Set([
      ...servers.flatMap(({ names }) => names.map(({ name }) => name)),
      ...apacheHosts.flatMap(({ names }) => names),
    ]),
)

function serverName({ by }: Extract<RequestEnd, { kind: 'redirect' }>): string {
  return by === 'apache' ? 'Apache' : 'nginx'
}

function isOf(end: RequestEnd, root: string): boolean {
  const path =
    end.kind === 'backend' ? end.script : end.kind === 'handler' || end.kind === 'file' ? end.path : null
  return path !== null && (path === root || path.startsWith(`${root}/`))
}

import { posix } from 'node:path'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { phpCode } from '../../parsers/php/script.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { caddyBefore } from '../../src/deployment/caddy-fronts.ts'
import type {
  ApacheHost,
  Deployment,
  Machine,
  NginxConnection,
  NginxServer,
} from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { sslEngine } from '../../src/servers/apache/queries/server-settings.ts'
import { isLoopback } from '../../src/servers/address.ts'
import { networkOf, networksMeet, parseNetwork } from '../../src/servers/addresses/ip.ts'
import { directivesByHost } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { apacheBackend, nginxMain, tlsServer } from '../_examples.ts'
import { isLaravel } from '../_php-projects.ts'
import { phpPool, phpSite } from './_examples.ts'
import { moodleConfiguration, wordpressConfiguration } from './_php-sources.ts'
import { documentRoot } from './_script-directory.ts'

const ASKS = conf`
  <?php
  if (empty($_SERVER['HTTPS']) || $_SERVER['HTTPS'] === 'off') {
      header('Location: https://' . $_SERVER['HTTP_HOST'] . $_SERVER['REQUEST_URI'], true, 302);
      exit;
  }
  echo 'the shop';
`
const MAP = conf`
  map $http_x_forwarded_proto $outer_https {
      default $https;
      https on;
  }
`
const fpm = (script: Record<string, string>, lines = '', http = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': phpSite(lines).replace('http {\n', () => `http {\n${http}`),
  'etc/nginx/fastcgi_params': conf`
    fastcgi_param REQUEST_METHOD $request_method;
    fastcgi_param REQUEST_URI $request_uri;
    fastcgi_param SERVER_NAME $server_name;
    fastcgi_param HTTPS $https if_not_empty;
    fastcgi_param REDIRECT_STATUS 200;
  `,
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(),
  ...script,
})
const withoutParameters = ({ 'etc/nginx/fastcgi_params': _, ...files }: Record<string, string>) => files
const WORDPRESS = (lines: string, file = 'srv/www/wp-config.php'): Record<string, string> => ({
  [file]: `<?php\n${lines}\nrequire_once ABSPATH . 'wp-settings.php';\n`,
})
const MOODLE = (lines: string): Record<string, string> => ({
  'srv/www/config.php': `<?php\n$CFG = new stdClass();\n$CFG->wwwroot = 'https://example.org';\n$CFG->dataroot = '/srv/data';\n${lines}\nrequire_once(__DIR__ . '/lib/setup.php');\n`,
})
const NEXTCLOUD = (lines: string): Record<string, string> => ({
  'srv/www/index.php': "<?php require_once __DIR__ . '/lib/base.php';\n",
  'srv/www/config/config.php': `<?php\n$CONFIG = array(\n  'trusted_domains' => array('example.org'),\n  'overwrite.cli.url' => 'https://example.org',\n  ${lines}\n);\n`,
})
const LARAVEL = (middleware: string, provider = ''): Record<string, string> => ({
  'srv/shop/artisan': '#!/usr/bin/env php\n<?php\n',
  'srv/shop/public/index.php': "<?php require __DIR__ . '/../bootstrap/app.php';\n",
  'srv/shop/bootstrap/app.php': conf`
    <?php
    return Application::configure(basePath: dirname(__DIR__))
        ->withMiddleware(function (Middleware $middleware) {
            ${middleware}
        })->create();
  `,
  'srv/shop/app/Providers/AppServiceProvider.php': conf`
    <?php
    class AppServiceProvider extends ServiceProvider
    {
        public function boot(): void
        {
            ${provider}
        }
    }
  `,
})
/** Laravel 10, of which a part is seen. */
const LARAVEL_10 = (proxies: string): Record<string, string> => ({
  'srv/shop/composer.json': '{ "require": { "laravel/framework": "^10.10" } }\n',
  'srv/shop/public/index.php': "<?php require __DIR__ . '/../bootstrap/app.php';\n",
  'srv/shop/bootstrap/app.php': '<?php $app = new Illuminate\\Foundation\\Application(dirname(__DIR__));\n',
  'srv/shop/app/Providers/AppServiceProvider.php':
    '<?php class AppServiceProvider extends ServiceProvider {}\n',
  'srv/shop/app/Http/Kernel.php': '<?php class Kernel extends HttpKernel {}\n',
  'srv/shop/app/Http/Middleware/TrustProxies.php': conf`
    <?php
    class TrustProxies extends Middleware
    {
        ${proxies}
        protected $headers = Request::HEADER_X_FORWARDED_FOR | Request::HEADER_X_FORWARDED_PROTO;
    }
  `,
})
/** A server of loopback behind one with TLS of the same nginx. */
const inner = (script: Record<string, string>): Record<string, string> => {
  const { 'etc/nginx/nginx.conf': main = '', ...files } = fpm(script)
  const front = tlsServer(conf`
    location / {
        proxy_pass http://127.0.0.1:8080;
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-Proto $scheme;
    }
  `)
  return {
    ...files,
    'etc/nginx/nginx.conf': main
      .replace('listen 80;', 'listen 127.0.0.1:8080;')
      .replace('http {\n', () => `http {\n${front}`),
  }
}
/** nginx with TLS in front of Apache with the shop. */
const apache = (
  lines: string | readonly string[],
  script = ASKS,
  scheme = 'proxy_set_header X-Forwarded-Proto $scheme;',
): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    tlsServer(conf`
      location / {
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header Host $host;
          ${scheme}
      }
    `),
  ),
  'etc/apache2/apache2.conf': apacheBackend(lines, ['setenvif', 'dir']),
  'srv/www/index.php': script,
})
const inShop = (files: Record<string, string>, project: Record<string, string>): Record<string, string> => ({
  ...Object.fromEntries(
    Object.entries(files).map(([path, text]) => [path, text.replace('/srv/www', '/srv/shop/public')]),
  ),
  ...project,
})
/** nginx of the host in front of a port that the Apache of a container publishes. */
const inContainer = (project: Record<string, string>): Record<string, string> => ({
  'deploy/shop.conf': tlsServer(conf`
    location / {
        proxy_pass http://127.0.0.1:8081;
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-Proto $scheme;
    }
  `),
  'docker-compose.yml': conf`
    services:
      app:
        build: .
        ports: ["127.0.0.1:8081:80"]
  `,
  Dockerfile: conf`
    FROM php:8.2-apache
    COPY docker/vhost.conf /etc/apache2/sites-available/000-default.conf
    COPY . /var/www/html
  `,
  'docker/vhost.conf': conf`
    <VirtualHost *:80>
        DocumentRoot /var/www/html/public
    </VirtualHost>
  `,
  ...Object.fromEntries(Object.entries(project).map(([path, text]) => [path.replace('srv/shop/', ''), text])),
})
const behindCaddyOf = (site: string, project: Record<string, string>): Record<string, string> => ({
  ...inContainer(project),
  'deploy/shop.conf': '',
  'docker-compose.yml': conf`
    services:
      caddy:
        image: caddy:2-alpine
        ports: ["80:80", "443:443"]
        volumes:
          - ./Caddyfile:/etc/caddy/Caddyfile:ro
          - caddy:/data
      app:
        build: .
    volumes:
      caddy:
  `,
  Caddyfile: site,
})
const CADDY = conf`
  app.example.org {
      encode zstd gzip
      reverse_proxy app:80
  }
`
const bad = (files: Record<string, string>, marked: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(files).map(([path, text]) => [path, text.replace(marked, () => `«${marked}»`)]),
  )

export default defineRule({
  summary: 'PHP is reached over TLS and is never told of it',
  severity: 'error',
  otherSeverities: {
    warning: 'where nothing of the audit speaks TLS, so that whatever stands in front, if anything, does',
  },
  confidence: 'high',
  since: '0.1.0',
  why: "PHP scripts, WordPress and Moodle ask `$_SERVER['HTTPS']` whether the client came by TLS, and redirect to `https://` where it is empty; Nextcloud makes its addresses of it. PHP has the variable from the server that calls it: behind another one that terminates TLS it stays empty, and every page redirects to itself, ERR_TOO_MANY_REDIRECTS.",
  remedy:
    'Make `HTTPS` of the header of the proxy: in nginx by `fastcgi_param` with a `map`, in Apache by `SetEnvIf X-Forwarded-Proto https HTTPS=on`; or tell the application, Moodle by `$CFG->sslproxy = true;`, Nextcloud by `trusted_proxies` and `overwriteprotocol`',
  references: [
    'https://www.php.net/manual/reserved.variables.server.php',
    'https://developer.wordpress.org/advanced-administration/security/https/#using-a-reverse-proxy',
  ],
  bad: [
    {
      title: 'a script behind an nginx that speaks no TLS',
      files: bad(fpm({ 'srv/www/index.php': ASKS }), 'fastcgi_pass'),
    },
    {
      title: 'WordPress at an https address',
      files: bad(fpm(WORDPRESS("define( 'WP_HOME', 'https://example.org' );")), 'fastcgi_pass'),
    },
    {
      title: 'WordPress whose configuration lies above its files',
      files: bad(fpm(WORDPRESS("define('FORCE_SSL_ADMIN', true);", 'srv/wp-config.php')), 'fastcgi_pass'),
    },
    {
      title: 'WordPress behind a server of the same nginx, on loopback',
      files: bad(inner(WORDPRESS("define('FORCE_SSL_ADMIN', true);")), 'fastcgi_pass'),
    },
    { title: 'Moodle at an https address', files: bad(fpm(MOODLE('')), 'fastcgi_pass') },
    {
      title: 'Nextcloud at an https address, in Apache behind the TLS of nginx',
      files: bad({ ...apache(''), ...NEXTCLOUD('') }, 'DocumentRoot'),
    },
    { title: 'Apache behind the TLS of nginx', files: bad(apache(''), 'DocumentRoot') },
    {
      title: 'WordPress that is told when it has read the login',
      files: bad(
        {
          ...apache('', "<?php require __DIR__ . '/wp-blog-header.php';\n"),
          'srv/www/wp-config.php': conf`
            <?php
            define('WP_HOME', 'https://example.org');
            require_once ABSPATH . 'wp-settings.php';
            if (($_SERVER['HTTP_X_FORWARDED_PROTO'] ?? '') === 'https') {
                $_SERVER['HTTPS'] = 'on';
            }
          `,
        },
        "$_SERVER['HTTPS']",
      ),
    },
    {
      title: 'Nextcloud that trusts the address of another machine',
      files: bad(
        { ...apache(''), ...NEXTCLOUD("'trusted_proxies' => array(0 => '192.168.1.20'),") },
        'DocumentRoot',
      ),
    },
    {
      title: 'Nextcloud that trusts a proxy, which sends no scheme',
      files: bad(
        { ...apache('', ASKS, ''), ...NEXTCLOUD("'trusted_proxies' => ['127.0.0.1'],") },
        'DocumentRoot',
      ),
    },
    {
      title: 'Laravel that trusts no proxy',
      files: bad(inShop(apache(''), LARAVEL('//')), 'DocumentRoot'),
    },
    {
      title: 'Laravel 10, whose middleware trusts no proxy',
      files: bad(inShop(apache(''), LARAVEL_10('protected $proxies;')), 'DocumentRoot'),
    },
    {
      title: 'Laravel in the Apache of a container, to whose published port nginx of the host proxies',
      files: bad(inContainer(LARAVEL_10('protected $proxies;')), 'DocumentRoot'),
    },
    {
      title: 'Laravel in the Apache of a container, behind that of Caddy',
      files: bad(behindCaddyOf(CADDY, LARAVEL('//')), 'Application::configure'),
    },
  ],
  good: [
    {
      title: 'a map of the header of the proxy',
      files: fpm({ 'srv/www/index.php': ASKS }, 'fastcgi_param HTTPS $outer_https if_not_empty;', MAP),
    },
    {
      title: 'a script that asks for the header, too',
      files: fpm({
        'srv/www/index.php': ASKS.replace(
          'if (',
          "if (($_SERVER['HTTP_X_FORWARDED_PROTO'] ?? '') !== 'https' && ",
        ),
      }),
    },
    {
      title: 'WordPress that is told',
      files: fpm(
        WORDPRESS(conf`
          define('FORCE_SSL_ADMIN', true);
          if (($_SERVER['HTTP_X_FORWARDED_PROTO'] ?? '') === 'https') {
              $_SERVER['HTTPS'] = 'on';
          }
        `),
      ),
    },
    {
      title: 'WordPress without TLS',
      files: fpm(WORDPRESS("define('WP_HOME', 'http://example.org');")),
    },
    {
      title: 'a line that is commented out',
      files: fpm(WORDPRESS("// define('FORCE_SSL_ADMIN', true);")),
    },
    {
      title: 'a file of parameters that is not here',
      files: withoutParameters(fpm({ 'srv/www/index.php': ASKS })),
    },
    { title: 'Moodle that is told', files: fpm(MOODLE('$CFG->sslproxy = true;')) },
    {
      title: 'Moodle without TLS',
      files: fpm({ 'srv/www/config.php': MOODLE('')['srv/www/config.php']!.replace('https:', 'http:') }),
    },
    {
      title: 'a server on loopback to which nothing proxies',
      files: Object.fromEntries(
        Object.entries(fpm({ 'srv/www/index.php': ASKS })).map(([path, text]) => [
          path,
          text.replace('listen 80;', 'listen 127.0.0.1:8080;'),
        ]),
      ),
    },
    {
      title: 'Nextcloud that is told by its own settings',
      files: { ...apache(''), ...NEXTCLOUD("'overwriteprotocol' => 'https',") },
    },
    {
      title: 'Nextcloud that trusts the proxy, which sends the scheme',
      files: { ...apache(''), ...NEXTCLOUD("'trusted_proxies' => ['127.0.0.1'],") },
    },
    {
      title: 'Nextcloud that trusts a network of the machine, or what nobody here knows',
      files: {
        ...apache(''),
        ...NEXTCLOUD("'trusted_proxies' => ['192.168.1.20', '127.0.0.0/8', getenv('PROXY')],"),
      },
    },
    {
      title: 'Laravel that trusts the proxy',
      files: inShop(apache(''), LARAVEL("$middleware->trustProxies(at: '127.0.0.1');")),
    },
    {
      title: 'Laravel 10, whose middleware trusts the proxy',
      files: inShop(apache(''), LARAVEL_10("protected $proxies = '*';")),
    },
    {
      title: 'Laravel in the Apache of a container, which trusts the proxy',
      files: inContainer(LARAVEL_10("protected $proxies = '*';")),
    },
    {
      title: 'Laravel behind Caddy that trusts it',
      files: behindCaddyOf(CADDY, LARAVEL("$middleware->trustProxies(at: '*');")),
    },
    {
      title: 'Laravel behind Caddy in plain HTTP',
      files: behindCaddyOf(CADDY.replace('app.example.org', ':80'), LARAVEL('//')),
    },
    {
      title: 'Laravel behind Caddy that says another scheme',
      files: behindCaddyOf(
        CADDY.replace('app:80', 'app:80 {\n        header_up X-Forwarded-Proto http\n    }'),
        LARAVEL('//'),
      ),
    },
    {
      title: 'Laravel 10, whose middleware reads whom it trusts',
      files: inShop(
        apache(''),
        LARAVEL_10("protected $proxies;\nprotected function proxies() { return env('PROXIES'); }"),
      ),
    },
    {
      title: 'Laravel that makes https addresses by itself',
      files: inShop(apache(''), LARAVEL('//', "URL::forceScheme('https');")),
    },
    { title: 'Apache that is told', files: apache('SetEnvIf X-Forwarded-Proto https HTTPS=on') },
    {
      title: 'a script that redirects nobody',
      files: apache('', "<?php echo $_SERVER['HTTPS'] ?? 'off';\n"),
    },
    {
      title: 'TLS of the same server',
      files: Object.fromEntries(
        Object.entries(fpm({ 'srv/www/index.php': ASKS })).map(([path, text]) => [
          path,
          text.replace(
            'listen 80;',
            'listen 443 ssl;\nssl_certificate /etc/ssl/a.pem;\nssl_certificate_key /etc/ssl/a.key;',
          ),
        ]),
      ),
    },
  ],
  *check(deployment) {
    yield* throughFastcgi(deployment)
    yield* inApache(deployment)
  },
})

type Findings = Iterable<RuleFinding>

const ADVICE = 'Make `HTTPS` of what the proxy in front tells'

function doing({ by }: Asked): string {
  return by === 'Nextcloud' || by === 'Laravel'
    ? `${by} makes \`http://\` addresses, which browsers block in its pages,`
    : 'PHP redirects to `https://`'
}

/** Set where WordPress has asked already; the place of that line in every other finding is the server's. */
function lateFinding({ late }: Asked): RuleFinding | null {
  if (late === null) return null
  return {
    at: late.at,
    related: [{ at: late.settings, message: 'read here' }],
    message:
      'WordPress reads the login in `wp-settings.php`, before this line tells it of TLS: "Sorry, you are not allowed to access this page"',
    label: 'too late',
    help: "Put it above `require_once ABSPATH . 'wp-settings.php'`",
  }
}

function* throughFastcgi(deployment: Deployment): Findings {
  let ofTls: ReadonlyMap<string, NginxServer> | null = null
  for (const connection of deployment.connections.nginx) {
    const { pass, server, from } = connection
    if (pass.name !== 'fastcgi_pass') continue
    // What only this machine reaches, a server with TLS may proxy to.
    const isInner = server.listens.every(({ loopback }) => loopback === true)
    if (connection.reachable === false && !isInner) continue
    const root = documentRoot(connection)
    const asked = root === null ? null : asksForTls(from.machine.files, root)
    if (asked === null || asked.trusts || isTold(connection)) continue
    ofTls ??= new Map(
      deployment.servers.flatMap(each =>
        each.tls ? each.names.map(({ name }) => [name, each] as const) : [],
      ),
    )
    const [named] = server.names.flatMap(({ name }) => ofTls?.get(name) ?? [])
    const tls = server.tls ? server : named
    // What a server with TLS calls itself is another matter; one that proxies here terminates it.
    if (tls !== undefined && tls !== server && !proxiesTo(deployment, tls, server)) continue
    const caddy = tls === undefined ? caddyBefore(deployment, from.machine) : null
    if (tls === undefined && caddy === null && (isInner || !asked.speaksTls)) continue
    // WordPress takes the port of TLS for TLS, too.
    if (tls === server && asked.by === 'WordPress') continue
    const late = lateFinding(asked)
    if (late !== null) {
      yield late
      continue
    }
    yield {
      at: namePlace(pass),
      ...(tls === undefined && caddy === null && { severity: 'warning' }),
      message: `${doing(asked)} where \`HTTPS\` is empty, and nginx never fills it here`,
      label: 'HTTPS stays empty',
      related: [
        {
          at: asked.at,
          message: asked.says,
        },
        ...(tls === undefined ? [] : [{ at: namePlace(tls.directive), message: 'terminates TLS' }]),
        ...(caddy === null ? [] : [{ at: caddy, message: 'Caddy terminates TLS, and connects here' }]),
      ],
      help: ADVICE,
    }
  }
}

/** True also where `HTTPS` may be set in a way that nobody here knows. */
function isTold({ server, block, from: { configuration } }: NginxConnection): boolean {
  const lines = effective(configuration, block, 'fastcgi_param')
  // The files of the package set it, and one that is not here may.
  if (!lines.known || hasUnreadInclude(configuration, block, 'fastcgi_param')) return true
  const line = lines.value.directives.findLast(({ args }) => args[0]?.value === 'HTTPS')
  const value = line?.args[1]?.value
  return value !== undefined && value !== '' && (server.tls || !/^\$\{?https\}?$/.test(value))
}

function proxiesTo({ connections }: Deployment, front: NginxServer, inner: NginxServer): boolean {
  return connections
    .of(front)
    .some(({ targets }) =>
      targets.some(
        ({ to, port }) =>
          to.kind === 'listener' &&
          to.listener.kind === 'nginx' &&
          inner.listens.some(listen => listen.port === port && listen.port !== null),
      ),
    )
}

function* inApache(deployment: Deployment): Findings {
  for (const host of deployment.virtualHosts) {
    const { configuration, directive } = host
    const line = directivesByHost(configuration, 'documentroot').get(directive)?.at(-1)
    const root = line?.args[0]?.value
    if (line === undefined || root === undefined || !root.startsWith('/')) continue
    const fronts = deployment.connections.reaching(host).filter(({ certain }) => certain)
    const leading = fronts.find(({ connection }) => connection.server.tls)?.connection
    const { machine } = deployment.programOf(configuration)
    const caddy = leading === undefined ? caddyBefore(deployment, machine) : null
    if ((leading === undefined && caddy === null) || mayBeTold(deployment, host)) continue
    const { files } = machine
    const asked = asksForTls(files, root.replace(/(.)\/$/, '$1'))
    if (asked === null || mayTellInHtaccess(files, root)) continue
    if (leading === undefined) {
      if (caddy !== null && !asked.trusts) yield behindCaddy(asked, caddy)
      continue
    }
    const { server: front, headers } = leading
    const sendsScheme = headers.open || headers.written.some(({ name }) => name === 'x-forwarded-proto')
    const others = asked.trusts && sendsScheme ? trustedOnly(asked, leading, machine) : null
    if (asked.trusts && sendsScheme && others === null) continue
    const late = lateFinding(asked)
    if (late !== null) {
      yield late
      continue
    }
    yield {
      at: namePlace(line),
      message: `${doing(asked)} where \`HTTPS\` is empty, and Apache never fills it here`,
      label: 'HTTPS stays empty',
      related: [
        others === null
          ? { at: asked.at, message: asked.says }
          : { at: others, message: 'believes this proxy, and nginx connects from 127.0.0.1' },
        { at: namePlace(front.directive), message: 'terminates TLS' },
      ],
      help: others === null ? ADVICE : 'Name 127.0.0.1 among the trusted proxies',
    }
  }
}

const LOOPBACK = networkOf([127, 0, 0, 1], 8)

/** The proxies that an application believes, where nginx is none of them: it connects from the machine itself. */
function trustedOnly({ proxies }: Asked, connection: NginxConnection, machine: Machine): Place | null {
  const isOwn =
    connection.from.machine === machine &&
    connection.targets.every(({ addresses }) => addresses.every(each => isLoopback(each) === true))
  if (!isOwn || proxies === null || proxies.length === 0) return null
  const mayBe = proxies.some(({ text }) => {
    const network = parseNetwork(text)
    return network?.ip.length !== 4 || networksMeet(network, LOOPBACK)
  })
  return mayBe ? null : (proxies[0]?.at ?? null)
}

/** The lines of Apache are those of an image, of which no file is here. */
function behindCaddy(asked: Asked, caddy: Place): RuleFinding {
  return (
    lateFinding(asked) ?? {
      at: asked.at,
      message: `${doing(asked)} where \`HTTPS\` is empty, and nothing fills it behind the TLS of Caddy`,
      label: asked.says,
      related: [{ at: caddy, message: 'Caddy terminates TLS, and connects here' }],
      help: ADVICE,
    }
  )
}

/** True where a line of Apache makes the variable, or may. */
function mayBeTold(deployment: Deployment, host: ApacheHost): boolean {
  const { configuration, directive, virtualHost } = host
  const engine = sslEngine(configuration, virtualHost)
  if (!engine.known || engine.value || deployment.trustsOf(host).length > 0) return true
  return ['setenv', 'setenvif', 'setenvifnocase', 'setenvifexpr', 'rewriterule', 'passenv'].some(name => {
    const lines = directivesByHost(configuration, name)
    return [null, directive].some(each => (lines.get(each) ?? []).some(({ text }) => /HTTPS/.test(text)))
  })
}

function mayTellInHtaccess(files: FileSystem, root: string): boolean {
  const read = files.kind(`${root}/.htaccess`) === 'file' ? files.read(`${root}/.htaccess`) : null
  return (
    read !== null && (read.kind !== 'source' || /HTTPS\s*=|E=HTTPS|SetEnv\s+HTTPS/i.test(read.source.code))
  )
}

interface Asked {
  readonly at: Place
  readonly says: string
  /** The application that asks by its own configuration; null for a script. */
  readonly by: 'WordPress' | 'Moodle' | 'Nextcloud' | 'Laravel' | null
  /** True where its own configuration has an address of https. */
  readonly speaksTls: boolean
  /** True for one that believes a proxy in front, where that sends `X-Forwarded-Proto`. */
  readonly trusts: boolean
  /** Whom it believes, as it is written; null where nobody knows. */
  readonly proxies: readonly { readonly text: string; readonly at: Place }[] | null
  /** Where WordPress is told of TLS behind the line that asks. */
  readonly late: { readonly at: Place; readonly settings: Place } | null
}

/** Where the start page of a directory, or the configuration of the application in it, hangs on TLS. */
const asksForTls = memoByKey((files: FileSystem, root: string): Asked | null => {
  const wordpress = wordpressConfiguration(files, root)
  const moodle = moodleConfiguration(files, root)
  const nextcloud = sourceAt(files, `${root}/config/config.php`)
  const page = sourceAt(files, `${root}/index.php`)
  return (
    (wordpress === null ? null : askedByWordpress(wordpress)) ??
    (moodle === null ? null : askedByMoodle(moodle)) ??
    (nextcloud === null ? null : askedByNextcloud(nextcloud)) ??
    askedByLaravel(files, root) ??
    (page === null ? null : askedByScript(page))
  )
})

/** What a script looks at besides, or sets. */
const OTHERWISE = /FORWARDED|SERVER_PORT|CF_VISITOR|REQUEST_SCHEME|\[\s*['"]HTTPS['"]\s*\]\s*=[^=]/

function found(source: Source, match: RegExpExecArray, by: Asked['by']): Asked {
  return {
    at: { source, start: match.index, end: match.index + match[0].length },
    says: `${by} redirects to TLS`,
    by,
    speaksTls: true,
    trusts: false,
    proxies: null,
    late: null,
  }
}

function askedByWordpress(source: Source): Asked | null {
  const code = phpCode(source)
  const start = /\b(?:require|include)(?:_once)?\b[^;]*wp-settings\.php/.exec(code)?.index ?? code.length
  const before = code.slice(0, start)
  const match =
    /define\s*\(\s*['"](?:FORCE_SSL_ADMIN['"]\s*,\s*true|WP_(?:HOME|SITEURL)['"]\s*,\s*['"]https:\/\/)/.exec(
      before,
    )
  if (match === null || OTHERWISE.test(before)) return null
  const behind = code.slice(start)
  const told = /\$_SERVER\s*\[\s*['"]HTTPS['"]\s*\](?=\s*=[^=])/.exec(behind)
  // What else stands there may do as well.
  if (told === null && OTHERWISE.test(behind)) return null
  const late =
    told === null
      ? null
      : {
          at: { source, start: start + told.index, end: start + told.index + told[0].length },
          settings: { source, start, end: start + behind.search(/[;\n]|$/) },
        }
  return { ...found(source, match, 'WordPress'), late }
}

function askedByMoodle(source: Source): Asked | null {
  const code = phpCode(source)
  const match = /\$CFG->wwwroot\s*=\s*['"]https:\/\//.exec(code)
  const isTold = OTHERWISE.test(code) || /\$CFG->sslproxy\s*=\s*(?!\s*(?:false|0)\b)/.test(code)
  return match === null || isTold ? null : found(source, match, 'Moodle')
}

function askedByNextcloud(source: Source): Asked | null {
  const code = phpCode(source)
  const list = /\$CONFIG\b(?=[\s\S]*['"]trusted_domains['"])/.exec(code)
  if (list === null || OTHERWISE.test(code) || /['"]overwriteprotocol['"]/.test(code)) return null
  const address = /['"]overwrite\.cli\.url['"]\s*=>\s*['"]https:\/\//.exec(code)
  const proxies = /['"]trusted_proxies['"]/.exec(code)
  return {
    ...found(source, proxies ?? address ?? list, 'Nextcloud'),
    says:
      proxies === null
        ? address === null
          ? 'has no `overwriteprotocol`'
          : 'its clients use TLS'
        : 'believes its `X-Forwarded-Proto`, which is not sent',
    speaksTls: address !== null,
    trusts: proxies !== null,
    proxies: trustedProxies(source, code),
  }
}

/** The texts of a list; null where something else is in it. */
function trustedProxies(source: Source, code: string): Asked['proxies'] {
  const list = /['"]trusted_proxies['"]\s*=>\s*(?:array\s*\(|\[)([^()[\]]*)[)\]]/.exec(code)
  const inside = list?.[1]
  if (list === null || inside === undefined) return null
  if (inside.replace(/(?:\d+\s*=>\s*)?(?:'[^'\\]*'|"[^"\\$]*")\s*,?/g, '').trim() !== '') return null
  const begin = list.index + list[0].length - 1 - inside.length
  return [...inside.matchAll(/'([^'\\]*)'|"([^"\\$]*)"/g)].map(
    ({ 0: written, 1: single, 2: double, index }) => ({
      text: single ?? double ?? '',
      at: { source, start: begin + index, end: begin + index + written.length },
    }),
  )
}

/** Laravel trusts no proxy, unless the file that starts it says so, or before 11 a middleware of the application. */
function askedByLaravel(files: FileSystem, root: string): Asked | null {
  const project = posix.dirname(root)
  const source = isLaravel(files, project) ? sourceAt(files, `${project}/bootstrap/app.php`) : null
  const providers = files.list(`${project}/app/Providers`) ?? withoutProviders(files, project)
  if (source === null || providers === null) return null
  const code = phpCode(source)
  const start = /Application::configure\b/.exec(code)
  const asked =
    start === null
      ? askedByMiddleware(files, project)
      : /trustProxies/i.test(code)
        ? null
        : found(source, start, 'Laravel')
  if (asked === null) return null
  const others = [
    `${root}/index.php`,
    `${project}/routes/web.php`,
    ...providers.map(({ name }) => `${project}/app/Providers/${name}`),
  ]
  const sets = /FORWARDED|['"]HTTPS['"]|force(?:Scheme|Https|RootUrl)|useOrigin/
  if (others.some(path => sets.test(sourceAt(files, path)?.text ?? ''))) return null
  const environment = sourceAt(files, `${project}/.env`)
  return {
    ...asked,
    says: 'trusts no proxy, so it reads no `X-Forwarded-Proto`',
    speaksTls: /^APP_URL=["']?https:/m.test(environment?.text ?? ''),
  }
}

/** Empty where the list of providers is, which has every one of the application since Laravel 11. */
function withoutProviders(files: FileSystem, project: string): readonly { readonly name: string }[] | null {
  const source = sourceAt(files, `${project}/bootstrap/providers.php`)
  return source !== null && !phpCode(source).includes('::class') ? [] : null
}

/** `protected $proxies;` of the middleware that Laravel up to 10 brings into the application. */
function askedByMiddleware(files: FileSystem, project: string): Asked | null {
  const source = sourceAt(files, `${project}/app/Http/Middleware/TrustProxies.php`)
  const kernel = sourceAt(files, `${project}/app/Http/Kernel.php`)
  if (source === null || kernel === null || files.kind(`${project}/config/trustedproxy.php`) !== null)
    return null
  const code = phpCode(source)
  const match = /\bprotected\s+\$proxies(?=\s*(?:=\s*null\s*)?;)/i.exec(code)
  const isOtherwise = /\$this->proxies|function\s+(?:proxies|__construct|handle)\b/.test(code)
  return match === null || isOtherwise ? null : found(source, match, 'Laravel')
}

function askedByScript(source: Source): Asked | null {
  const code = phpCode(source)
  const match = OTHERWISE.test(code) ? null : ASKING.exec(code)
  if (match === null) return null
  const [text] = match
  return {
    ...found(source, match, null),
    at: { source, start: match.index + text.indexOf('$'), end: match.index + text.indexOf(']') + 1 },
    says: 'the script asks here',
  }
}

const HTTPS = String.raw`\$_SERVER\s*\[\s*['"]HTTPS['"]\s*\]`
/** A condition that holds without TLS, and the redirect close behind it. */
const ASKING = new RegExp(
  String.raw`(?:(?<!!\s*)\bempty\s*\(\s*|!\s*isset\s*\(\s*|(?=${HTTPS}[^;{]{0,40}?(?:!==?\s*['"]on|===?\s*['"]off)))${HTTPS}[\s\S]{0,400}?header\s*\(\s*['"]Location:\s*https:\/\/`,
  'i',
)

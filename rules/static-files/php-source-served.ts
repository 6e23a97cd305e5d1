import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { serversAround } from '../../src/deployment/build/servers.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { EXISTING, MISSING } from '../../src/deployment/requests/made-up-requests.ts'
import { pathsInto } from '../../src/deployment/requests/paths-into.ts'
import { apacheMain, nginxMain, proxiedServer } from '../_examples.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { addressAccess } from '../../src/servers/nginx/queries/access.ts'
import type { Outcome } from '../../src/servers/nginx/queries/outcome.ts'
import type { NginxRequest } from '../../src/servers/nginx/queries/request.ts'
import { directivesByServer, enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import { hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'
import { fileBase } from '../../src/servers/nginx/queries/static-content.ts'
import { servedBesideFront } from './_other-scripts.ts'
import { rewrittenToScript } from './_rewritten-script.ts'
import { servedByOwnLocation } from './_script-of-own-location.ts'
import { servedBeforeApache } from './_scripts-before-apache.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      root /srv/www;
      index index.php;
      ${lines}
  }
`
/** A site of which the front controller alone is run. */
const frontAlone = (
  pattern: string,
  lines = '',
  more: Readonly<Record<string, string>> = {},
): Record<string, string> => ({
  'nginx.conf': site(conf`
    location / {
        try_files $uri /index.php$is_args$args;
    }
    location ~ ${pattern} {
        include fastcgi_params;
        fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
        fastcgi_pass 127.0.0.1:9000;
    }
    ${lines}
  `),
  'srv/www/index.php': '<?php\n',
  ...more,
})
const PHP = conf`
  location ~ \.php$ {
      fastcgi_pass 127.0.0.1:9000;
      fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
  }
`

const beforeApache = (lines: string): string =>
  nginxMain(conf`
    server {
        listen 80;
        server_name example.org;
        root /srv/www;
        location / {
            ${lines}
        }
        location @apache {
            proxy_pass http://127.0.0.1:9000;
            proxy_set_header Host $host;
        }
    }
  `)
const APACHE = apacheMain(
  conf`
  Listen 127.0.0.1:9000
  <VirtualHost 127.0.0.1:9000>
      ServerName example.org
      DocumentRoot /srv/www
      <FilesMatch \.php$>
          SetHandler "proxy:fcgi://127.0.0.1:9001"
      </FilesMatch>
  </VirtualHost>
`,
  ['proxy', 'proxy_fcgi'],
)

export default defineRule({
  summary: 'The source of PHP scripts is sent as text',
  severity: 'error',
  confidence: 'high',
  securitySeverity: 7.5,
  cwe: [540],
  since: '0.1.0',
  why: 'A location that answers a script itself, beside the one that passes scripts to PHP, sends its source: passwords and all. `try_files` serves what it finds where it stands, and of regular expressions the first that matches answers.',
  remedy:
    'Let the last word of `try_files` lead to the script (`/index.php?$args`, with nothing behind it), and put the location of PHP before other regular expressions',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#try_files'],
  bad: [
    {
      title: 'no location for PHP at all',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          site('location «/» {\n    try_files $uri $uri/ /index.php?$args;\n}'),
        ),
        'srv/www/index.php': '<?php phpinfo();',
      },
    },
    {
      title: 'the site of the package, whose `index` has a script',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          conf`
            server {
                listen 80;
                server_name example.org;
                root /srv/www;
                index «index.php» index.html;
                location / {
                    try_files $uri $uri/ =404;
                }
            }
          `,
        ),
        'srv/www/index.php': '<?php phpinfo();',
      },
    },
    {
      title: 'a location for one script, which does not run it',
      files: {
        'nginx.conf': site(conf`
          location = «/wp-login.php» {
              allow 127.0.0.1;
              deny all;
          }
          ${PHP}
        `),
      },
    },
    {
      title: 'a limit for some scripts, before the expression for all',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          'limit_req_zone $binary_remote_addr zone=login:1m rate=1r/s;',
          site(conf`
            location ~ «^/(?:wp-login|xmlrpc)\.php$» {
                limit_req zone=login burst=3;
                include fastcgi_params;
            }
            ${PHP}
          `),
        ]),
      },
    },
    {
      title: 'the same that looks for the file first, and a directory that has a script',
      files: {
        'nginx.conf': site(conf`
          location ^~ «/wp-admin/» {
              auth_basic Editors;
              auth_basic_user_file /etc/nginx/passwd;
              try_files $uri $uri/ =404;
          }
          location ^~ «/intern/» {
              allow 10.0.0.0/8;
              deny all;
              try_files $uri $uri/ =404;
          }
          ${PHP}
        `),
        'srv/www/intern/index.php': '<?php\n',
      },
    },
    {
      title: 'a directory that keeps regular expressions out',
      files: {
        'nginx.conf': site(conf`
          location ^~ «/wp-admin/» {
              auth_basic "Administration";
              auth_basic_user_file /etc/nginx/htpasswd;
          }
          ${PHP}
        `),
      },
    },
    {
      title: 'the whole site, which keeps regular expressions out',
      files: {
        'nginx.conf': site(conf`
          location ^~ «/» {
              root /srv/www/start;
              allow all;
          }
          ${PHP}
        `),
      },
    },
    {
      title: 'the script as one of the files that are tried',
      files: {
        'nginx.conf': site(conf`
          location / {
              try_files $uri $uri/ «/index.php» =404;
          }
          ${PHP}
        `),
      },
    },
    {
      title: 'styles and scripts that nginx sends, and the rest goes to Apache',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          proxiedServer(conf`
            root /srv/www;
            location ~* «\.(css|js|png|php)$» {
                expires 7d;
            }
          `),
        ),
        'etc/apache2/apache2.conf': APACHE,
        'srv/www/index.php': conf`<?php echo 'page';`,
      },
    },
    {
      title: 'files are tried before Apache, which runs PHP',
      files: {
        'etc/nginx/nginx.conf': beforeApache('try_files «$uri» @apache;'),
        'etc/apache2/apache2.conf': APACHE,
      },
    },
    {
      title: 'the script as the last word, where the location keeps what it matches',
      files: {
        'nginx.conf': site(conf`
          location ^~ /admin/ {
              allow 10.0.0.0/8;
              deny all;
              auth_basic "Administration";
              auth_basic_user_file /etc/nginx/htpasswd;
              try_files $uri $uri/ «/admin/index.php»;
          }
          ${PHP}
        `),
      },
    },
    {
      title: 'a start page of a location that keeps what it matches',
      files: {
        'nginx.conf': site(conf`
          location ^~ /tools/ {
              index «index.php»;
          }
          ${PHP}
        `),
      },
    },
    {
      title: 'a path that is rewritten to a script, and stays in its location',
      files: {
        'nginx.conf': site(conf`
          location /download/ {
              rewrite ^/download/(.+)$ «/get.php?file=$1» break;
          }
          ${PHP}
        `),
      },
    },
    {
      title: 'every page that is no file, and stays in its location',
      files: {
        'nginx.conf': site(conf`
          location / {
              if (!-e $request_filename) {
                  rewrite ^/(.*)$ «/index.php?route=$1» break;
              }
          }
          ${PHP}
        `),
      },
    },
    {
      title: 'every page that is no file, in a file that servers include',
      files: {
        'shop.conf': conf`
          location / {
              index index.php;
              if (!-f $request_filename) {
                  rewrite ^ «/index.php» break;
              }
          }
        `,
      },
    },
    {
      title: 'the same in a file that servers include',
      files: {
        'shop.conf': conf`
          location = /sitemap.xml {
              rewrite ^ «/index.php?route=sitemap» break;
          }
          location @maintenance {
              rewrite ^(.*)$ «/errors/503.php» break;
          }
        `,
      },
    },
    {
      title: 'a regular expression before the one for PHP',
      files: {
        'nginx.conf': site(conf`
          location ~ «^/blog(.*)» {
              try_files $uri $uri/ /blog/index.php?$1;
          }
          ${PHP}
        `),
      },
    },
    {
      title: 'a script beside the front controller, which alone is run',
      files: frontAlone('«^/index\\.php(?:/|$)»', '', { 'srv/www/install.php': '<?php\n' }),
    },
  ],
  good: [
    {
      title: 'the other scripts are refused',
      files: frontAlone(
        '^/index\\.php(?:/|$)',
        conf`
          location ~ \.php$ {
              return 404;
          }
        `,
        { 'srv/www/install.php': '<?php\n' },
      ),
    },
    { title: 'no script beside the front controller', files: frontAlone('^/index\\.php(?:/|$)') },
    {
      title: 'a script that is not there, before a page that is',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          site('index index.php index.html;\nlocation / {\n    try_files $uri $uri/ =404;\n}'),
        ),
        'srv/www/index.html': 'start',
      },
    },
    {
      title: 'no PHP at all, where nobody knows that the script is there',
      files: { 'nginx.conf': site('location / {\n    try_files $uri $uri/ /index.php?$args;\n}') },
    },
    {
      title: 'a location for one script that runs it',
      files: {
        'nginx.conf': site(conf`
          location = /wp-login.php {
              allow 127.0.0.1;
              deny all;
              fastcgi_pass 127.0.0.1:9000;
              fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
          }
          ${PHP}
        `),
      },
    },
    {
      title: 'the whole site, with a start page that is no script or with PHP of its own',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              root /srv/www;
              location ^~ / {
                  index index.html;
              }
              ${PHP}
          }
          server {
              listen 80;
              server_name example.net;
              root /srv/www;
              index index.php;
              location ^~ / {
                  allow all;
                  ${PHP}
              }
              ${PHP}
          }
        `,
      },
    },
    {
      title: 'a script that nobody may have',
      files: {
        'nginx.conf': site(conf`
          location = /xmlrpc.php {
              deny all;
              access_log off;
          }
          location ~* /(?:uploads|files)/.*\.php$ {
              deny all;
          }
          ${PHP}
        `),
      },
    },
    {
      title: 'a directory without scripts, and one that runs them itself',
      files: {
        'nginx.conf': site(conf`
          location ^~ /assets/ {
              try_files $uri =404;
          }
          location ^~ /wp-admin/ {
              auth_basic Editors;
              auth_basic_user_file /etc/nginx/passwd;
              try_files $uri $uri/ =404;
              ${PHP}
          }
          ${PHP}
        `),
      },
    },
    {
      title: 'a directory that leaves its scripts to the regular expression',
      files: {
        'nginx.conf': site(conf`
          location /wp-admin/ {
              auth_basic "Administration";
              auth_basic_user_file /etc/nginx/htpasswd;
          }
          ${PHP}
        `),
      },
    },
    {
      title: 'the script as the last word',
      files: {
        'nginx.conf': site(conf`
          location / {
              try_files $uri $uri/ /index.php?$args;
          }
          ${PHP}
        `),
      },
    },
    {
      title: 'styles that nginx sends, and the rest goes to Apache',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          proxiedServer(conf`
            root /srv/www;
            location ~* \.(css|js|png)$ {
                expires 7d;
            }
          `),
        ),
        'etc/apache2/apache2.conf': APACHE,
        'srv/www/index.php': conf`<?php echo 'page';`,
      },
    },
    {
      title: 'scripts go to Apache first',
      files: {
        'etc/nginx/nginx.conf': beforeApache(conf`
          try_files $uri @apache;
          location ~ \.php$ {
              proxy_pass http://127.0.0.1:9000;
          }
        `),
        'etc/apache2/apache2.conf': APACHE,
      },
    },
    {
      title: 'PHP comes first',
      files: {
        'nginx.conf': site(conf`
          ${PHP}
          location ~ ^/blog(.*) {
              try_files $uri $uri/ /blog/index.php?$1;
          }
        `),
      },
    },
    {
      title: 'uploads, which are not to run',
      files: {
        'nginx.conf': site(conf`
          location ^~ /uploads/ {
              try_files $uri =404;
          }
          location / {
              try_files $uri /index.php?$args;
          }
          ${PHP}
        `),
      },
    },
    {
      title: 'a location of its own for scripts, and a path that looks for its location again',
      files: {
        'nginx.conf': site(conf`
          location ^~ /tools/ {
              index index.php;
              ${PHP}
          }
          location /download/ {
              rewrite ^/download/(.+)$ /get.php?file=$1 last;
          }
          location /run/ {
              rewrite ^/run/(.+)$ /run.php?file=$1 break;
              fastcgi_pass 127.0.0.1:9000;
              fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
          }
          ${PHP}
        `),
      },
    },
    {
      title: 'every page that is no file, which looks for its location again or is run here',
      files: {
        'nginx.conf': site(conf`
          location / {
              if (!-e $request_filename) {
                  rewrite ^/(.*)$ /index.php?route=$1 last;
              }
          }
          location /shop/ {
              if (!-e $request_filename) {
                  rewrite ^ /shop/index.php break;
              }
              fastcgi_pass 127.0.0.1:9000;
              fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
          }
          ${PHP}
        `),
      },
    },
    {
      title: 'a file that servers include, whose location runs it or looks for the one that does',
      files: {
        'shop.conf': conf`
          location = /sitemap.xml {
              rewrite ^ /index.php?route=sitemap last;
          }
          location /run/ {
              rewrite ^ /run.php break;
              include snippets/php.conf;
          }
          location @maintenance {
              rewrite ^(.*)$ /errors/503.php break;
              include fastcgi_params;
              fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
              fastcgi_pass 127.0.0.1:9000;
          }
        `,
      },
    },
    {
      title: 'a page for errors that PHP makes',
      files: {
        'nginx.conf': site(conf`
          error_page 404 /404.php;
          location / {
              try_files $uri =404;
          }
          ${PHP}
        `),
      },
    },
  ],
  *check(deployment) {
    yield* servedBeforeApache(deployment)
    yield* servedByOwnLocation(deployment)
    yield* servedBesideFront(deployment)
    yield* rewrittenToScript(deployment)
    const byDirective = serversAround(deployment)
    const told = new Set<NginxDirective>()
    for (const configuration of deployment.nginx) {
      const passing = directivesByServer(configuration, 'fastcgi_pass')
      if (passing.size > 0) yield* keptScripts(deployment, configuration, byDirective)
      for (const [home, lines] of directivesByServer(configuration, 'try_files')) {
        const server = home === null ? undefined : byDirective.get(home)
        if (home === null || server === undefined) continue
        if (!passing.has(home) && !runsNothing(deployment, configuration, home, lines)) continue
        for (const tryFiles of lines) {
          const found = sourceServed(deployment, server, tryFiles)
          if (found === null) continue
          told.add(home)
          yield {
            at: found.at,
            message: `\`${found.url}\` is answered with the source of \`${found.path}\``,
            label: passing.has(home) ? 'sent as text, not passed to PHP' : 'no location passes it to PHP',
            related: (passing.get(home) ?? [])
              .slice(0, 1)
              .map(pass => ({ at: argumentPlace(pass, 0), message: 'what PHP runs goes here' })),
          }
        }
      }
    }
    for (const server of deployment.servers)
      if (!told.has(server.directive)) yield* servedByIndex(deployment, server)
  },
})

/** The start page of a site that runs nothing: `index` names a script, and it lies there. */
function* servedByIndex(deployment: Deployment, server: NginxServer): Generator<RuleFinding> {
  const { configuration, directive } = server
  const lines = directivesByServer(configuration, 'index')
  const line = [...(lines.get(null) ?? []), ...(lines.get(directive) ?? [])].find(
    each => scriptOfLine(each) !== -1 && [directive, directive.parent].includes(each.parent),
  )
  if (line === undefined || passesAnything(configuration, directive)) return
  const answer = askServer(deployment, server, '/', {})
  if (answer?.end.kind !== 'file' || !answer.end.path.endsWith('.php')) return
  if (deployment.filesOf(configuration).kind(answer.end.path) !== 'file') return
  yield {
    at: argumentPlace(line, scriptOfLine(line)),
    message: `\`/\` is answered with the source of \`${answer.end.path}\``,
    label: 'no location passes it to PHP',
    related: [{ at: namePlace(directive), message: 'nothing here runs PHP' }],
    help: 'Write `location ~ \\.php$` with `fastcgi_pass` to the socket of PHP-FPM, and `include snippets/fastcgi-php.conf` or `SCRIPT_FILENAME` in it',
  }
}

/** True for a server that may hand a request on, or has a part that is not read. */
function passesAnything(configuration: NginxConfiguration, home: NginxDirective): boolean {
  return (
    hasUnreadInclude(configuration, home) ||
    ['fastcgi_pass', ...RUNNING].some(name => directivesByServer(configuration, name).has(home))
  )
}

/** What hands a request on, or answers it by a program. */
const RUNNING = [
  'proxy_pass',
  'uwsgi_pass',
  'scgi_pass',
  'grpc_pass',
  'passenger_enabled',
  'js_content',
  'perl',
  'content_by_lua_block',
  'content_by_lua_file',
]

/** True for a server of which all is read, whose scripts are there, and which passes nothing on. */
function runsNothing(
  deployment: Deployment,
  configuration: NginxConfiguration,
  home: NginxDirective,
  lines: readonly NginxDirective[],
): boolean {
  if (passesAnything(configuration, home)) return false
  const files = deployment.filesOf(configuration)
  return lines.some(({ parent, args }) => {
    const base = parent === null ? null : fileBase(configuration, parent)
    const script = args
      .map(({ value }) => value.split('?')[0] ?? '')
      .find(value => /^\/[\w/.-]+\.php$/.test(value))
    if (base?.known !== true || script === undefined) return false
    return files.kind(`${base.value.path.replace(/\/+$/, '')}${script}`) === 'file'
  })
}

/** Scripts that a location leads to by itself, and then keeps: by `index`, or by `rewrite … break`. */
function* keptScripts(
  deployment: Deployment,
  configuration: NginxConfiguration,
  byDirective: ReadonlyMap<NginxDirective, NginxServer>,
): Generator<RuleFinding> {
  for (const name of ['index', 'rewrite']) {
    for (const line of configuration.occurrences.get(name) ?? []) {
      // In an `if` too, the rewritten request stays in the location around.
      const location = line.parent?.name === 'if' ? line.parent.parent : line.parent
      if (location?.name !== 'location') continue
      const word = scriptOfLine(line)
      const home = word === -1 ? null : enclosingServer(location)
      const server = home === null ? undefined : byDirective.get(home)
      const [pass] = (home && directivesByServer(configuration, 'fastcgi_pass').get(home)) ?? []
      if (server === undefined || pass === undefined) continue
      const script = (line.args[word]?.value ?? '').split('?')[0] ?? ''
      const found = keptScript(deployment, server, location, name === 'index' ? null : script, script)
      if (found === null) continue
      yield {
        at: argumentPlace(line, word),
        message: `\`${found.url}\` is answered with the source of \`${found.path}\``,
        label: 'sent as text, not passed to PHP',
        related: [{ at: argumentPlace(pass, 0), message: 'what PHP runs goes here' }],
        ...(name === 'rewrite' && {
          help: 'Write `last`, with which nginx looks for the location of the script',
        }),
      }
    }
  }
}

/** The word of a line that is the name of a script; -1 where it has none. */
function scriptOfLine({ name, args }: NginxDirective): number {
  if (name === 'index') return args.findIndex(({ value }) => /^[\w.-]+\.php$/.test(value))
  return args[2]?.value === 'break' && /^\/[^$?]*\.php(?:\?|$)/.test(args[1]?.value ?? '') ? 1 : -1
}

/** The script that answers a request of a location and is sent as a file. */
function keptScript(
  deployment: Deployment,
  server: NginxServer,
  location: NginxDirective,
  target: string | null,
  script: string,
): Omit<Found, 'at'> | null {
  const base = fileBase(server.configuration, location)
  if (!base.known) return null
  const directory = base.value.path.replace(/\/+$/, '')
  for (const page of pathsInto(location)) {
    const path = page.replaceAll(EXISTING, MISSING)
    const asked = target === null ? directoryOf(path) + script : path
    const answer = askServer(deployment, server, asked, {
      existing: [`${directory}${target ?? asked}`],
      request: requestOfReader(server, location),
    })
    if (answer?.end.kind !== 'file' || !answer.end.path.endsWith('.php')) continue
    if (!answer.steps.some(({ directive }) => directive === location)) continue
    return { url: asked.replace(MISSING, 'page'), path: answer.end.path }
  }
  return null
}

/** What a request has that a location lets in: an address, and some password. */
function requestOfReader({ configuration }: NginxServer, location: NginxDirective): Partial<NginxRequest> {
  const { occurrences } = configuration
  if (!['allow', 'deny', 'auth_basic'].some(name => occurrences.has(name))) return {}
  const access = addressAccess(configuration, location)
  const network = access.known && access.value.kind === 'listed' ? access.value.networks[0] : undefined
  return {
    headers: { values: new Map([['authorization', 'Basic']]), complete: true },
    ...(network !== undefined && { client: network.split('/')[0] ?? network }),
  }
}

interface Found {
  readonly at: Place
  readonly url: string
  readonly path: string
}

/** A page of a location that is answered with a script as it lies on the disk. */
function sourceServed(deployment: Deployment, server: NginxServer, tryFiles: NginxDirective): Found | null {
  const { parent, args } = tryFiles
  if (parent === null || !args.some(({ value }) => /\.php\b/.test(value) || value.endsWith('/'))) return null
  // Where a missing page is a 404, scripts are not meant to run.
  const scripts = args.filter(({ value }) => /\.php\b/.test(value))
  const isFrontController = scripts.length > 0 || /^\//.test(args.at(-1)?.value ?? '')
  if (!isFrontController) return null
  const base = fileBase(server.configuration, parent)
  if (!base.known) return null
  const directory = base.value.path.replace(/\/+$/, '')
  for (const page of pathsInto(parent)) {
    const path = page.replaceAll(EXISTING, MISSING)
    const existing = [...scriptsOf(scripts.map(({ value }) => value)), `${directoryOf(path)}index.php`].map(
      script => directory + script,
    )
    const answer = askServer(deployment, server, path, {
      existing,
      request: requestOfReader(server, parent),
    })
    if (answer === null || answer.end.kind !== 'file' || !answer.end.path.endsWith('.php')) continue
    if (/\.php(?:$|\/)/.test(path)) continue
    return {
      at: placeOf(answer, tryFiles),
      url: path.replace(MISSING, 'page'),
      path: answer.end.path,
    }
  }
  return null
}

function scriptsOf(words: readonly string[]): readonly string[] {
  return words.flatMap(word => /^(\/[^?$]*\.php)(?:[?/$]|$)/.exec(word)?.[1] ?? [])
}

function directoryOf(path: string): string {
  const bare = path.split('?')[0] ?? ''
  return bare.includes(MISSING)
    ? bare.slice(0, bare.lastIndexOf('/', bare.indexOf(MISSING)) + 1)
    : bare.replace(/\/?$/, '/')
}

/** The word that is tried as a file; else the expression that comes before the one for PHP. */
function placeOf({ end, steps }: Outcome, tryFiles: NginxDirective): Place {
  const path = end.kind === 'file' ? end.path : ''
  const found = steps.findLast(({ kind }) => kind === 'try-files')?.directive
  const index = (found ?? tryFiles).args.findIndex(
    ({ value }) => value.startsWith('/') && path.endsWith(value),
  )
  if (index !== -1) return argumentPlace(found ?? tryFiles, index)
  const location = steps.findLast(({ kind }) => kind === 'location')?.directive ?? tryFiles
  return argumentPlace(location, location.args.length - 1)
}

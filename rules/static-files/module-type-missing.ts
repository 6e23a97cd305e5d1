import { posix } from 'node:path'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { ApacheHost, Deployment, NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { EXISTING } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { isWhole } from '../../src/servers/apache/queries/set-reach.ts'
import { directivesByHost } from '../../src/servers/apache/queries/virtual-hosts.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { isComputed } from '../../src/servers/nginx/queries/interpolate.ts'
import { PASSES, readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { childrenNamed } from '../../src/servers/nginx/queries/scope.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'
import { apacheServes } from './_apache-serves.ts'
import { typeInList } from './_media-types.ts'
import { modulesUntyped, type SentUntyped } from './_module-types.ts'
import { loadedModule } from './_modules-of-pages.ts'
import { locationOfScripts, nextcloudOf } from './_nextcloud.ts'

const nginx = (types: string): string =>
  nginxMain([
    conf`
      include mime.types;
      default_type application/octet-stream;
    `,
    nginxServer(conf`
      root /srv/www;
      ${types}
      location ~ «\.(?:css|js|mjs|svg)$» {
          expires 7d;
      }
    `),
  ])

const TABLE = {
  'etc/nginx/mime.types': conf`
    types {
        text/html html;
        text/css css;
        application/javascript js;
    }
  `,
}

/** The site of Nextcloud’s own documentation, as it was before modules, in short. */
const nextcloudSite = (pattern: string, types = '', path = ''): string => conf`
  server {
      listen 80;
      server_name cloud.example.org;
      root /var/www${path === '' ? '/nextcloud' : ''};
      index index.php index.html /index.php$request_uri;
      ${types}
      location ~ ^${path}/(?:build|tests|config|lib|3rdparty|templates|data)(?:$|/) {
          return 404;
      }
      location ~ \.php(?:$|/) {
          fastcgi_split_path_info ^(.+?\.php)(/.*)$;
          try_files $fastcgi_script_name =404;
          fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
          fastcgi_pass unix:/run/php/php-fpm.sock;
      }
      location ~ ${pattern} {
          try_files $uri ${path}/index.php$request_uri;
          expires 6M;
      }
      location ${path}/ {
          try_files $uri $uri/ ${path}/index.php$request_uri;
      }
  }
`
const nextcloud = (
  site: string,
  version = '28.0.2.5',
  table: Record<string, string> = TABLE,
): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain([
    conf`
      include mime.types;
      default_type application/octet-stream;
    `,
    site,
  ]),
  ...table,
  'var/www/nextcloud/config/config.php': conf`
    <?php
    $CONFIG = array (
      'trusted_domains' => array (0 => 'cloud.example.org'),
      'version' => '${version}',
    );
  `,
})
const OLD = String.raw`\.(?:css|js|svg|gif)$`
const MJS = conf`
  include mime.types;
  types {
      text/javascript mjs;
  }
`

const compose = (tag: string, pattern: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      app:
        image: nextcloud:${tag}
        volumes: [html:/var/www/nextcloud]
      web:
        image: nginx:1.29-alpine
        ports: ["80:80"]
        volumes:
          - html:/var/www/nextcloud:ro
          - ./nginx.conf:/etc/nginx/nginx.conf:ro
    volumes:
      html:
  `,
  'nginx.conf': nginxMain([
    'include mime.types;',
    nextcloudSite(pattern).replace('unix:/run/php/php-fpm.sock', 'app:9000'),
  ]),
})

const page = (head: string): string => `<!doctype html>\n<html><head>${head}</head><body></body></html>\n`
const viewer = (location: string, head: string, table = TABLE): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain([
    'include mime.types;',
    nginxServer(conf`
      root /srv/www;
      location ${location} {
          try_files $uri =404;
      }
    `),
  ]),
  ...table,
  'srv/www/pdfjs/web/viewer.html': page(head),
  'srv/www/pdfjs/build/pdf.mjs': 'export const version = 5\n',
})
const PDF = '<script src="../build/pdf.mjs" type="module"></script>'

const apache = (
  lines: string,
  root: string,
  table = 'application/javascript js',
): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      TypesConfig /etc/mime.types
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot ${root}
          ${lines}
          <Directory /srv/www>
              Require all granted
          </Directory>
      </VirtualHost>
    `,
    ['mime'],
  ),
  'etc/mime.types': `text/html html\n${table}\n`,
  'srv/www/index.html': page('<script type="module">import { start } from "./app.mjs"; start()</script>'),
  'srv/www/app.mjs': 'export function start() {}\n',
})

export default defineRule({
  summary: 'Modules of JavaScript (`.mjs`) are sent without their type',
  severity: 'warning',
  otherSeverities: {
    info: 'for Nextcloud where the table of nginx is not in the audit, which some packages have with `mjs`',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'Browsers run a module only if it comes as JavaScript. The `mime.types` of nginx has no `mjs`, so that it is `application/octet-stream`: `Failed to load module script: Expected a JavaScript-or-Wasm module script but the server responded with a MIME type of "application/octet-stream"`. Pages of Nextcloud have loaded modules since release 28: “Your webserver does not serve `.mjs` files using the JavaScript MIME type”.',
  remedy:
    'In nginx repeat the table and add the type: `include mime.types; types { text/javascript mjs; }`; in Apache write `AddType text/javascript .mjs`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#types',
    'https://docs.nextcloud.com/server/latest/admin_manual/installation/nginx.html',
  ],
  bad: [
    {
      title: 'a location for modules, and a table without them',
      files: { 'etc/nginx/nginx.conf': nginx(''), ...TABLE },
    },
    {
      title: 'Nextcloud 28 with the locations of an older one',
      files: nextcloud(nextcloudSite(`«${OLD}»`)),
    },
    {
      title: 'below a path, of a release that nothing says',
      files: {
        ...nextcloud(nextcloudSite(`«${OLD}»`, '', '/nextcloud')),
        'var/www/nextcloud/config/config.php': '',
      },
    },
    { title: 'containers of Nextcloud and nginx', files: compose('31-fpm-alpine', `«${OLD}»`) },
    {
      title: 'a table that is not here',
      files: nextcloud(nextcloudSite(`«${OLD}»`), '28.0.2.5', {}),
    },
    { title: 'a page that loads one', files: viewer('«/»', PDF) },
    {
      title: 'a script of a page that imports one',
      files: viewer(
        '«/pdfjs/»',
        '<script type="module">import * as pdf from "/pdfjs/build/pdf.mjs"</script>',
      ),
    },
    { title: 'Apache with a table without them', files: apache('', '«/srv/www»') },
  ],
  good: [
    {
      title: 'with the type',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          include mime.types;
          types {
              text/javascript mjs;
          }
        `),
        ...TABLE,
      },
    },
    {
      title: 'in the table itself',
      files: {
        'etc/nginx/nginx.conf': nginx(''),
        'etc/nginx/mime.types': conf`
          types {
              text/html html;
              text/css css;
              application/javascript js mjs;
          }
        `,
      },
    },
    {
      title: 'a backend that sends them',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          'include mime.types;',
          nginxServer(conf`
            location ~ \.(?:js|mjs)$ {
                proxy_pass http://127.0.0.1:9000;
            }
          `),
        ]),
        ...TABLE,
      },
    },
    { title: 'Nextcloud with the type', files: nextcloud(nextcloudSite(OLD, MJS)) },
    { title: 'Nextcloud before modules', files: nextcloud(nextcloudSite(OLD), '27.1.5.1') },
    {
      title: 'ownCloud, whose files are called alike',
      files: nextcloud(nextcloudSite(OLD), '10.13.4.0'),
    },
    {
      title: 'Nextcloud and a table with them',
      files: nextcloud(nextcloudSite(OLD), '29.0.1.1', {
        'etc/nginx/mime.types': TABLE['etc/nginx/mime.types'].replace(' js;', ' js mjs;'),
      }),
    },
    { title: 'a container of Nextcloud before modules', files: compose('27-fpm', OLD) },
    {
      title: 'modules that the template of somebody else fills in',
      files: viewer('/', '<script src="{{ cdn }}/pdf.mjs" type="module"></script>'),
    },
    { title: 'a page without modules', files: viewer('/', '<script src="/site.js"></script>') },
    {
      title: 'a module that is not there',
      files: viewer('/', '<script src="../build/viewer.mjs" type="module"></script>'),
    },
    {
      title: 'a page and a table that is not here',
      files: viewer('/', PDF, {} as typeof TABLE),
    },
    { title: 'Apache with the type', files: apache('AddType text/javascript .mjs', '/srv/www') },
    { title: 'Apache with a table that has them', files: apache('', '/srv/www', 'text/javascript js mjs') },
  ],
  *check(deployment) {
    for (const configuration of deployment.nginx)
      for (const location of configuration.occurrences.get('location') ?? [])
        yield* ofLocation(deployment, configuration, location)
    for (const server of deployment.servers) {
      yield* ofNextcloud(deployment, server)
      yield* ofPages(deployment, server)
    }
    for (const host of deployment.apacheHosts) yield* ofApache(deployment, host)
  },
})

/** A location that is written for modules. */
function* ofLocation(deployment: Deployment, configuration: NginxConfiguration, location: NginxDirective) {
  const { modifier, name } = readLocation(location)
  if (!modifier.startsWith('~') || !/\bmjs\b/.test(name) || answersOtherwise(location)) return
  const sent = modulesUntyped(deployment, configuration, location)
  if (sent?.isSure === true) yield finding(argumentPlace(location, location.args.length - 1), sent, [])
}

const OTHERWISE: ReadonlySet<string> = new Set([...PASSES, 'return', 'default_type', 'deny'])

function answersOtherwise({ children }: NginxDirective): boolean {
  return children.some(({ name }) => OTHERWISE.has(name))
}

/** The first release of Nextcloud whose own pages are modules. */
const WITH_MODULES = 28

/** Nextcloud, whose configuration is from before its pages loaded modules. */
function* ofNextcloud(deployment: Deployment, server: NginxServer) {
  const nextcloud = nextcloudOf(deployment, server)
  if (nextcloud === null || (nextcloud.release ?? WITH_MODULES) < WITH_MODULES) return
  const scope = blockOf(deployment, server, `${nextcloud.path}/dist/${EXISTING}.mjs`)
  const sent = scope === null ? null : modulesUntyped(deployment, server.configuration, scope)
  if (scope === null || sent === null) return
  yield {
    ...finding(locationOfScripts(server) ?? placeOf(scope), sent, [
      ...(nextcloud.at === null ? [] : [{ at: nextcloud.at, message: 'Nextcloud is here' }]),
    ]),
    ...(sent.isSure ? {} : { severity: 'info' as const }),
    ...(sent.isSure && nextcloud.release !== null ? {} : { confidence: 'medium' as const }),
    message: sent.isSure
      ? `no \`types\` in force knows \`mjs\`, so the modules of Nextcloud ${WITH_MODULES} and later are sent as \`${sent.type}\`, and browsers refuse them`
      : `nothing here gives \`.mjs\` its type, and \`mime.types\` of nginx does not: browsers refuse the modules of Nextcloud ${WITH_MODULES} and later`,
  }
}

/** Pages of the site that load modules of their own. */
function* ofPages(deployment: Deployment, server: NginxServer) {
  const { configuration, directive } = server
  const files = deployment.filesOf(configuration)
  for (const root of rootsOf(directive)) {
    const loaded = loadedModule(files, root)
    const scope = loaded === null ? null : blockOf(deployment, server, loaded.path, `${root}${loaded.path}`)
    const sent = scope === null ? null : modulesUntyped(deployment, configuration, scope)
    if (loaded !== null && scope !== null && sent?.isSure === true)
      yield finding(placeOf(scope), sent, [{ at: loaded.at, message: 'this page loads one' }])
  }
}

/** Of the server and its `location /`. */
function rootsOf(directive: NginxDirective): readonly string[] {
  const blocks = [
    directive,
    ...childrenNamed(directive, 'location').filter(({ args }) => args.at(-1)?.value === '/'),
  ]
  const roots = blocks.flatMap(block => childrenNamed(block, 'root').map(({ args }) => args[0]?.value ?? ''))
  return roots.filter(root => root.startsWith('/') && !isComputed(root)).map(cleanPath)
}

/** The block that answers a path with a file; null where that is none, or another one. */
function blockOf(
  deployment: Deployment,
  server: NginxServer,
  path: string,
  file: string | null = null,
): NginxDirective | null {
  const answer = askServer(deployment, server, path)
  if (answer?.end.kind !== 'file' || (file !== null && answer.end.path !== file)) return null
  return answer.steps.findLast(({ kind }) => kind === 'location')?.directive ?? server.directive
}

function placeOf(scope: NginxDirective): Place {
  return scope.name === 'location' ? argumentPlace(scope, scope.args.length - 1) : namePlace(scope)
}

function finding(at: Place, { type, scripts }: SentUntyped, related: NonNullable<RuleFinding['related']>) {
  return {
    at,
    message: `no \`types\` in force knows \`mjs\`, so modules are sent as \`${type}\`, and browsers refuse them`,
    label: 'sent without their type',
    related: [
      ...(scripts === null ? [] : [{ at: scripts, message: 'the table in force, without `mjs`' }]),
      ...related,
    ],
  }
}

/** Lines by which Apache gives a type without the table. */
const OF_TYPE = ['addtype', 'forcetype', 'defaulttype', 'addhandler', 'sethandler']

/** A page that loads a module from a virtual host whose `mime.types` is here and does not know them. */
function* ofApache(deployment: Deployment, host: ApacheHost) {
  const { configuration, directive } = host
  const line = directivesByHost(configuration, 'documentroot').get(directive)?.at(-1)
  const root = line?.args[0]?.value ?? ''
  if (line === undefined || !root.startsWith('/') || !isWhole(configuration)) return
  const files = deployment.filesOf(configuration)
  const loaded = loadedModule(files, cleanPath(root))
  if (loaded === null) return
  const path = configuration.occurrences.get('typesconfig')?.at(-1)?.args[0]?.value ?? ''
  const table = path.startsWith('/') ? sourceAt(files, path) : null
  const scripts = table === null ? null : typeInList(table, 'js')
  if (table === null || scripts === null || typeInList(table, 'mjs') !== null) return
  if (OF_TYPE.some(name => everywhere(configuration, files, name).some(mayGiveType))) return
  if (everywhere(configuration, files, 'header').some(({ args }) => args.some(isContentType))) return
  if (apacheServes(deployment, host, line, posix.join(cleanPath(root), loaded.path)) === null) return
  yield {
    at: argumentPlace(line, 0),
    message:
      '`mime.types` does not know `mjs`, so modules are sent without a `Content-Type`, and browsers refuse them',
    label: 'sent without their type',
    related: [
      { at: scripts.at, message: 'the table in force, without `mjs`' },
      { at: loaded.at, message: 'this page loads one' },
    ],
  }
}

function mayGiveType({ name, args }: { name: string; args: readonly { value: string }[] }): boolean {
  return /^Add/i.test(name)
    ? args.slice(1).some(({ value }) => /^\.?mjs$|[$%]/i.test(value))
    : args.some(({ value }) => /javascript|[$%]/i.test(value))
}

function isContentType({ value }: { value: string }): boolean {
  return /^content-type$/i.test(value)
}

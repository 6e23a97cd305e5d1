import { flagsOfRule } from '../../src/servers/apache/requests/rewrite/rules.ts'
import { posix } from 'node:path'
import type { AppServer } from '../../parsers/app-server/app-server.ts'
import { releaseIn } from '../../src/deployment/django/django-version.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import { conf } from '../../src/engine/conf.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace, writtenText } from '../../src/deployment/places.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { type ApacheDirective, readsEveryInclude } from '../../src/servers/apache/configuration.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { PASSES } from '../../src/servers/nginx/queries/locations.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'

const nginx = (line: string): string =>
  nginxMain(
    nginxServer(conf`
      location / {
          proxy_pass http://127.0.0.1:9000;
          ${line}
      }
    `),
  )

const gunicorn = (name: string, requirement: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginx(`proxy_set_header ${name} joe;`).replace('9000', '8000'),
  'etc/systemd/system/shop.service': conf`
    [Service]
    WorkingDirectory=/srv/shop
    ExecStart=/usr/bin/gunicorn --bind 127.0.0.1:8000 app:app
  `,
  'srv/shop/app.py': conf`
    def app(environ, start_response):
        start_response("200 OK", [])
        return [environ.get("HTTP_X_SHOP_USER", "nobody").encode()]
  `,
  'srv/shop/requirements.txt': `${requirement}\n`,
})

const uwsgi = (line: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      location / {
          include uwsgi_params;
          uwsgi_pass unix:/run/shop.sock;
          ${line}
      }
    `),
  ),
  'etc/uwsgi/apps-enabled/shop.ini': conf`
    [uwsgi]
    socket = /run/shop.sock
    module = shop.wsgi
  `,
})

/** A token of RFC 9110, section 5.6.2. */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/
/** Headers by which a backend is told of the client's request. */
const FORWARDED = /^x[_-](?:forwarded[_-](?:for|proto|host|port|prefix|ssl|server)|real[_-]ip|scheme)$/i

export default defineRule({
  summary: 'A request header whose name no backend reads',
  severity: 'warning',
  otherSeverities: {
    info: 'where Apache passes it on, or may do so, to a backend that reads both spellings as one',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'A name with a colon or a space is no header name: the backend refuses the request, or reads the colon as a part of the value. `X_Forwarded_Proto` with underscores is another header than `X-Forwarded-Proto`: nginx and Apache drop it at the next hop, and applications do not look for it. By uWSGI, FastCGI and SCGI an application gets variables, and reads a header of the request as `HTTP_X_REAL_IP`: `uwsgi_param X-Real-IP` is none, and what the client sends under that name is read in its place.',
  remedy: 'Write the name alone, with hyphens: `X-Forwarded-Proto`; as a variable, `HTTP_X_FORWARDED_PROTO`',
  references: [
    'https://www.rfc-editor.org/rfc/rfc9110.html#name-field-names',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#underscores_in_headers',
  ],
  bad: [
    {
      title: 'a header of one’s own with underscores, for gunicorn',
      files: gunicorn('«X_SHOP_USER»', 'gunicorn==23.0.0'),
    },
    {
      title: 'a colon behind the name',
      files: { 'etc/nginx/nginx.conf': nginx('proxy_set_header «X-Forwarded-Proto:» $scheme;') },
    },
    {
      title: 'underscores',
      files: { 'etc/nginx/nginx.conf': nginx('proxy_set_header «X_Forwarded_Proto» $scheme;') },
    },
    {
      title: 'a header where a variable is sent',
      files: uwsgi('uwsgi_param «X-Real-IP» $remote_addr;'),
    },
    {
      title: 'half of a variable',
      files: {
        'nginx.conf': nginxServer(conf`
          location ~ \.php$ {
              include fastcgi_params;
              fastcgi_param SCRIPT_FILENAME /srv/www/index.php;
              fastcgi_param «HTTP_X-Forwarded-Proto» $scheme;
              fastcgi_pass unix:/run/php.sock;
          }
        `),
      },
    },
    {
      title: 'underscores in Apache',
      files: {
        'site.conf': conf`
          <VirtualHost *:443>
              ServerName example.org
              RequestHeader set «X_FORWARDED_PROTO» https
          </VirtualHost>
        `,
      },
    },
    {
      title: 'a name that scripts are told to send, and nginx drops',
      files: {
        'etc/nginx/nginx.conf': nginx(
          "add_header Access-Control-Allow-Headers «'Content-Type, access_token'»;",
        ),
      },
    },
  ],
  good: [
    {
      title: 'what the client sent, which PHP is given anyway',
      files: {
        'site.conf': conf`
          server {
              listen 80;
              server_name example.org;
              location / {
                  include fastcgi_params;
                  fastcgi_param SCRIPT_FILENAME /srv/www/index.php;
                  fastcgi_param X-Forwarded-Proto $http_x_forwarded_proto;
                  fastcgi_pass 127.0.0.1:9000;
              }
          }
        `,
      },
    },
    {
      title: 'underscores for an older gunicorn',
      files: gunicorn('X_SHOP_USER', 'gunicorn==20.1.0'),
    },
    {
      title: 'hyphens for gunicorn',
      files: gunicorn('X-Shop-User', 'gunicorn==23.0.0'),
    },
    { title: 'a header as a variable', files: uwsgi('uwsgi_param HTTP_X_REAL_IP $remote_addr;') },
    {
      title: 'a variable of the application’s own',
      files: uwsgi('uwsgi_param shop-region $server_name;'),
    },
    {
      title: 'hyphens',
      files: { 'etc/nginx/nginx.conf': nginx('proxy_set_header X-Forwarded-Proto $scheme;') },
    },
    {
      title: 'a header of one’s own with underscores',
      files: { 'etc/nginx/nginx.conf': nginx('proxy_set_header api_key $http_api_key;') },
    },
    {
      title: 'a name with an underscore that nginx passes on',
      files: {
        'etc/nginx/nginx.conf': nginx(
          "add_header Access-Control-Allow-Headers 'Content-Type, access_token';",
        ).replace('listen 80;', 'listen 80;\n        underscores_in_headers on;'),
      },
    },
  ],
  *check(deployment) {
    const { nginx, apache, filesOf } = deployment
    yield* droppedByGunicorn(deployment)
    for (const configuration of nginx) {
      const { occurrences } = configuration
      for (const line of occurrences.get('add_header') ?? []) yield* judgeAllowed(configuration, line)
      for (const name of ['proxy_set_header', 'grpc_set_header'])
        for (const directive of occurrences.get(name) ?? []) yield* judge(directive, 0)
      for (const name of ['fastcgi_param', 'uwsgi_param', 'scgi_param'])
        for (const directive of occurrences.get(name) ?? []) yield* judgeVariable(directive)
    }
    for (const configuration of apache) {
      // What proxies may stand in a file that is not there.
      const mayProxy = !readsEveryInclude(configuration)
      for (const directive of everywhere(configuration, filesOf(configuration), 'requestheader')) {
        // `early` forms and conditions come behind; the action comes first.
        if (!/^(?:set|setifempty|add|append|merge)$/i.test(directive.args[0]?.value ?? '')) continue
        // Servers of WSGI and Rack read both spellings as one; mod_wsgi does not.
        for (const finding of judge(directive, 1))
          yield { ...finding, ...((mayProxy || isProxied(directive)) && { severity: 'info' as const }) }
      }
    }
  },
})

/**
 * Headers with an underscore, which gunicorn leaves out since 22.0 unless `header_map` says otherwise; those of
 * `forwarder_headers` it takes.
 */
function* droppedByGunicorn(deployment: Deployment): Iterable<RuleFinding> {
  for (const { headers, targets } of deployment.connections.http) {
    const names = headers.written.filter(
      ({ name, state }) => state !== 'cleared' && /^[a-z\d]+(?:_[a-z\d]+)+$/.test(name) && !TAKEN.has(name),
    )
    if (names.length === 0) continue
    for (const target of targets) {
      const program = serverBehind(target)
      const source = program === null ? null : deployment.moduleOf(program)?.source
      if (program?.server.program !== 'gunicorn' || source == null || source === 'missing') continue
      const { container, files } = program.machine
      const own = container?.files ?? files
      if (releaseIn('gunicorn', 22, posix.dirname(source.path), own) !== true || mayMap(program.server))
        continue
      for (const { directive } of names) {
        // Names that are misspelt for everybody are told below.
        if ([...judge(directive, 0)].length > 0) continue
        yield {
          at: argumentPlace(directive, 0),
          severity: 'warning',
          message: `gunicorn leaves out a header with an underscore since 22.0, so the application does not get \`${directive.args[0]?.value}\``,
          label: 'an underscore',
          related: [{ at: program.server.at, message: 'gunicorn' }],
          help: 'Write it with hyphens: `HTTP_…` of the application is the same',
        }
      }
    }
  }
}

const TAKEN: ReadonlySet<string> = new Set(['script_name', 'path_info'])

/** True where a line of its command or its settings may say what becomes of such names. */
function mayMap({ settings, sources, at }: AppServer): boolean {
  const pattern = /header[-_]map|forwarder[-_]headers/
  return settings.has('header_map') || [at.source, ...sources].some(({ code }) => pattern.test(code))
}

/** A name among `Access-Control-Allow-Headers`, which scripts of other sites therefore send, and nginx drops. */
function* judgeAllowed(configuration: NginxConfiguration, line: NginxDirective): Iterable<RuleFinding> {
  if (line.args[0]?.value.toLowerCase() !== 'access-control-allow-headers') return
  const value = line.args[1]?.value ?? ''
  const server = enclosingServer(line)
  if (!value.includes('_') || value.includes('$') || isUnknownWord(value) || server === null) return
  const name = value.split(/[\s,]+/).find(each => each.includes('_') && TOKEN.test(each))
  const allowed = effective(configuration, server, 'underscores_in_headers')
  if (name === undefined || !allowed.known || !allowed.value.complete) return
  if (allowed.value.directives[0]?.args[0]?.value.toLowerCase() === 'on') return
  if (!PASSES.some(pass => holds(server, pass))) return
  yield {
    at: argumentPlace(line, 1),
    message: `scripts are told to send \`${name}\`, and nginx drops it, as \`underscores_in_headers\` is off`,
    label: 'an underscore',
    help: 'Write `underscores_in_headers on;` in the server, or the name with hyphens',
  }
}

function holds(block: NginxDirective, name: string): boolean {
  return block.children.some(child => child.name === name || holds(child, name))
}

/** Headers among the variables of CGI, whose names have no hyphen. */
function* judgeVariable(directive: NginxDirective): Iterable<RuleFinding> {
  const name = directive.args[0]?.value ?? ''
  if (!/^(?:http_|x-|forwarded-)\w*(?:-\w+)*$/i.test(name) || !name.includes('-')) return
  // What the client sent under that name reaches the application anyway.
  const bare = name
    .replace(/^http_/i, '')
    .replaceAll('-', '_')
    .toLowerCase()
  if (directive.args[1]?.value === `$http_${bare}`) return
  const at = argumentPlace(directive, 0)
  const meant = `HTTP_${name
    .replace(/^http_/i, '')
    .replaceAll('-', '_')
    .toUpperCase()}`
  yield {
    at,
    message: `\`${name}\` is a variable of that very name, and applications read the header as \`${meant}\``,
    label: 'not the header',
    ...propose(`Write \`${meant}\``, 'unsafe', [writtenText(at) === name ? replacePlace(at, meant) : null]),
  }
}

/** `RewriteRule … [P]`. */
function isProxyRule(line: ApacheDirective): boolean {
  return line.name === 'RewriteRule' && flagsOfRule(line).has('P')
}

function isProxied({ parent }: ApacheDirective): boolean {
  for (let section = parent; section !== null; section = section.parent)
    if (section.children.some(child => /^ProxyPass/i.test(child.name) || isProxyRule(child))) return true
  return false
}

function* judge(directive: NginxDirective | ApacheDirective, index: number): Iterable<RuleFinding> {
  const name = directive.args[index]?.value
  if (name === undefined || name === '' || name.includes('$') || isUnknownWord(name)) return
  // httpd takes a colon at the end of a name away itself.
  const bare = index === 1 ? name.replace(/:$/, '') : name
  const isToken = TOKEN.test(bare)
  if (isToken && !(bare.includes('_') && FORWARDED.test(bare))) return
  const at = argumentPlace(directive, index)
  const meant = bare.replace(/:+$/, '').replaceAll('_', '-')
  yield {
    at,
    message: isToken
      ? `\`${bare}\` is another header than \`${meant}\`, which backends read`
      : `\`${bare}\` is no header name`,
    label: isToken ? 'underscores' : 'not a token',
    ...(TOKEN.test(meant)
      ? propose(`Write \`${meant}\``, 'unsafe', [writtenText(at) === name ? replacePlace(at, meant) : null])
      : {}),
  }
}

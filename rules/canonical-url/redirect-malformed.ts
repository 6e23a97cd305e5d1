import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { serversAround } from '../../src/deployment/build/servers.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { MISSING, UNKNOWN_HOST } from '../../src/deployment/requests/made-up-requests.ts'
import { pathsInto, pathsOfPattern } from '../../src/deployment/requests/paths-into.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isUnknownWord, type Place } from '../../parsers/text/source.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { isUnseenServer, serverAround } from '../../src/servers/nginx/queries/servers.ts'

const server = (lines: string, name = 'example.org'): string => conf`
  server {
      listen 80;
      server_name ${name};
      root /srv/www;
      ${lines}
  }
`

export default defineRule({
  summary: 'A redirect leads to a URL that cannot be',
  severity: 'error',
  otherSeverities: {
    warning: 'where a slash is doubled, or where paths that somebody makes up lead to another host',
  },
  confidence: 'high',
  since: '0.1.0',
  why: '`$server_name` is the first name of the server as it is written: `_`, a wildcard or an expression is no host. A target without a slash behind the host takes the path into the name, and one with a slash before `$request_uri` has two. Of `rewrite ^/old(.*)$ https://example.org$1` a link to `/old.evil.example` leads to `example.org.evil.example`.',
  remedy: 'Write `https://$host$request_uri`, or the name itself',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#var_server_name'],
  bad: [
    {
      title: 'a server for any name',
      files: { 'nginx.conf': server('return 301 «https://$server_name$request_uri»;', '_') },
    },
    {
      title: 'a wildcard',
      files: { 'nginx.conf': server('return 301 «https://$server_name$request_uri»;', '*.example.org') },
    },
    {
      title: 'no slash behind the host',
      files: {
        'nginx.conf': server(conf`
          location ~ ^/old/(.*)$ {
              return 301 «https://new.example.org$1»;
          }
        `),
      },
    },
    {
      title: 'a group that need not begin with a slash',
      files: {
        'nginx.conf': server('rewrite ^/old(.*)$ «https://new.example.org$1» permanent;'),
      },
    },
    {
      title: 'no slash behind the host of a rewrite',
      files: {
        'nginx.conf': server(conf`
          location /old/ {
              rewrite ^/old/(.*)$ «https://new.example.org$1» permanent;
          }
        `),
      },
    },
    {
      title: 'a host without its scheme',
      files: { 'nginx.conf': server('return 301 «www.example.org$request_uri»;') },
    },
    {
      title: 'the host of the request without a scheme',
      files: { 'nginx.conf': server('return 301 «$host$request_uri»;') },
    },
    {
      title: 'a scheme without `://`',
      files: { 'nginx.conf': server('rewrite ^/beta$ «$scheme/beta/» permanent;') },
    },
    {
      title: 'one slash behind the scheme',
      files: { 'nginx.conf': server('return 302 «https:/new.example.org/»;') },
    },
    {
      title: 'two slashes behind the host',
      files: { 'nginx.conf': server('return 301 «https://www.example.org/$request_uri»;') },
    },
    {
      title: 'the port of the request and another one',
      files: {
        'nginx.conf': conf`
          server {
              listen 8080;
              server_name example.org;
              return 301 «https://$http_host:8443$request_uri»;
          }
        `,
      },
    },
    {
      title: 'a port behind the path',
      files: {
        'nginx.conf': conf`
          server {
              listen 8080;
              location / {
                  return 301 «https://$host$request_uri:8443»;
              }
          }
        `,
      },
    },
    {
      title: 'a port behind a path that is written out',
      files: {
        'nginx.conf': server('rewrite ^/files/(.*)$ «https://files.example.org/$1:8443» permanent;'),
      },
    },
    {
      title: 'www in front of a name that has it',
      files: {
        'nginx.conf': server('return 301 «https://www.$host$request_uri»;', 'example.org www.example.org'),
      },
    },
    {
      title: 'a host without its scheme, in a file that a server includes',
      files: { 'nginx/redirects.conf': 'return 301 «www.example.org$request_uri»;\n' },
    },
    {
      title: 'no slash behind the host, in a file that a server includes',
      files: {
        'nginx/redirects.conf': conf`
          rewrite ^/old(.*)$ «https://new.example.org$1» permanent;
          location ~ ^/new/(.*)$ {
              return 301 «https://new.example.org$1»;
          }
        `,
      },
    },
    {
      title: 'a host without its scheme, in lines of a service of Nix',
      files: {
        'web.nix': conf`
          {
            services.nginx.virtualHosts."example.org".locations."/old".extraConfig = ''
              return 301 «example.org/new»;
            '';
          }
        `,
      },
    },
    { title: 'no URL', files: { 'nginx.conf': server('location = /old {\n    return «301»;\n}') } },
  ],
  good: [
    {
      title: 'lines that a shell writes',
      files: { 'nginx.conf': server('return 301 https://shop.example.org\\$request_uri;', 'example.org') },
    },
    {
      title: 'a colon without a port, which browsers read as the usual one',
      files: { 'nginx.conf': server('return 301 https://$host:$request_uri;', 'example.org') },
    },
    {
      title: 'a group that begins with a slash, and a slash behind the host',
      files: {
        'nginx.conf': server(conf`
          rewrite ^/old(/.*)?$ https://new.example.org$1 permanent;
          rewrite ^/older(.*)$ https://new.example.org/$1 permanent;
          rewrite ^/item(\d+)$ https://node$1.example.org/ permanent;
        `),
      },
    },
    {
      title: 'a port behind the host, and a colon in a path',
      files: {
        'nginx.conf': server(conf`
          location = /old {
              return 301 https://$host:8443$request_uri;
          }
          location ~ ^/item/(.*)$ {
              return 301 https://www.example.org/item:$1;
          }
        `),
      },
    },
    {
      title: 'www in front of names without it, or on a condition',
      files: {
        'nginx.conf': conf`
          ${server('return 301 https://www.$host$request_uri;', 'example.org example.net')}
          ${server(
            'if ($host !~ ^www\\.) {\n    return 301 https://www.$host$request_uri;\n}',
            'example.com www.example.com',
          )}
        `,
      },
    },
    {
      title: 'a status that leads nowhere',
      files: {
        'nginx.conf': server('location = /old {\n    return 304;\n}\nlocation = /gone {\n    return 410;\n}'),
      },
    },
    {
      title: 'rewritten within the server',
      files: { 'nginx.conf': server('rewrite ^/old/(.*)$ https/$1;') },
    },
    {
      title: 'the name that was asked for',
      files: { 'nginx.conf': server('return 301 https://$host$request_uri;', '_') },
    },
    {
      title: 'a name of its own',
      files: { 'nginx.conf': server('return 301 https://$server_name$request_uri;') },
    },
    {
      title: 'a domain and all below it, which stands for the domain',
      files: { 'nginx.conf': server('return 301 https://$server_name$request_uri;', '.example.org') },
    },
    {
      title: 'the name of the machine, and names that no request has',
      files: {
        'nginx.conf': conf`
          ${server('return 301 https://$host$request_uri;', '$hostname localhost')}
          ${server('return 301 https://$host$request_uri;', 'www.$hostname')}
        `,
      },
    },
    {
      title: 'a host of which a name of the server captures the first part',
      files: {
        'nginx.conf': server(
          'return 301 https://$shop.example.net$request_uri;',
          '_ ~^(?<shop>[a-z]+)\\.example\\.org$',
        ),
      },
    },
    {
      title: 'a host of which a name of the server captures the first part in a group without a name',
      files: {
        'nginx.conf': server('return 301 https://$1.example.net$request_uri;', '~^(.+)\\.example\\.org$'),
      },
    },
    {
      title: 'a host that the client names as a parameter',
      files: {
        'nginx.conf': server(conf`
          location /acme {
              return 302 http://$arg_domain/.well-known/acme-challenge/$arg_token;
          }
        `),
      },
    },
    {
      title: 'a path of its own',
      files: {
        'nginx.conf': server(conf`
          location ~ ^/old/(.*)$ {
              return 301 https://new.example.org/$1;
          }
        `),
      },
    },
  ],
  *check(deployment) {
    const servers = serversAround(deployment)
    for (const { occurrences } of deployment.nginx) {
      for (const name of ['return', 'rewrite']) {
        for (const line of occurrences.get(name) ?? []) {
          if (line.context.startsWith('stream')) continue
          const written = writtenFault(line)
          if (written !== null) {
            yield written
            continue
          }
          const home = serverAround(line)
          const own = home === null ? undefined : servers.get(home)
          if (own === undefined) continue
          const doubled = doubledName(own, line)
          if (doubled !== null) {
            yield {
              at: argumentPlace(line, targetIndex(line)),
              message: `the redirect leads from \`${doubled}\` to \`www.${doubled}\`, for \`${doubled}\` is a name of this server, too`,
              label: 'adds one www more',
            }
            continue
          }
          const fault = isWhole(line) && !isPlain(line) ? faultOf(deployment, own, line) : null
          if (fault !== null) yield fault
        }
      }
    }
  },
})

/** What is wrong with the line as it is written, whatever server it stands in. */
function writtenFault(line: NginxDirective): Fault | null {
  if (!isRedirect(line) && !isWhole(line)) return null
  const target = targetOf(line)
  const at = argumentPlace(line, targetIndex(line))
  if (isRedirect(line) && line.name === 'return' && line.args.length === 1)
    return {
      at,
      message: `this redirect has no URL: nginx sends ${target} with an empty \`Location\`, and browsers stay where they are`,
      label: 'leads nowhere',
    }
  if (isRedirect(line) && lacksScheme(target))
    return {
      at,
      message: `\`${target}\` does not begin with a scheme and \`://\`, so browsers look for it below the page that was asked for`,
      label: 'no `https://`',
    }
  const port = portBehindPath(target)
  if (port === null) return null
  return {
    at,
    message: `\`${port}\` stands behind the path, of which it becomes a part: the port of a URL follows its host`,
    label: 'behind the path',
  }
}

/** The argument of a `return` or a `rewrite` that says where a client is sent. */
function targetIndex({ name, args }: NginxDirective): 0 | 1 {
  return name === 'rewrite' || args.length > 1 ? 1 : 0
}

function targetOf(line: NginxDirective): string {
  return line.args[targetIndex(line)]?.value ?? ''
}

/** True for a redirect to a whole URL that is made of variables, whose host does not hang on what a client adds. */
function isWhole(line: NginxDirective): boolean {
  const target = targetOf(line)
  if (/^(?:https?|\$scheme):\/\/[^/?#]*\$\{?(?:arg|cookie|http)_(?!host\b)/.test(target)) return false
  // A shell that makes the file takes the backslash away; where it is left, another rule tells of it.
  if (target.includes('\\$')) return false
  return /^(?:https?|\$scheme):\/\//.test(target) && target.includes('$') && !isUnknownWord(target)
}

/** True for a name that is written out, with the path as the client sent it: nothing can be wrong with that. */
function isPlain(line: NginxDirective): boolean {
  const host = /^(?:https?|\$scheme):\/\/([\w.-]+)\$request_uri$/.exec(targetOf(line))?.[1]
  return host !== undefined && isHost(host)
}

/** True for a line whose target is sent to the client; a `rewrite` does so too where its target begins with `$scheme`. */
function isRedirect({ name, args }: NginxDirective): boolean {
  if (name === 'return') return /^30[12378]$/.test(args[0]?.value ?? '')
  return /^(?:permanent|redirect)$/.test(args[2]?.value ?? '') || /^\$scheme/.test(args[1]?.value ?? '')
}

/** True for a target that leads to a host or names a scheme, and begins neither with `https://` nor with a slash. */
function lacksScheme(target: string): boolean {
  return (
    /^(?:www\.|[a-z0-9-]+\.(?:[a-z0-9-]+\.)*(?:com|net|org|edu|io|de|uk|eu|fr|app|dev)(?=[/$]|$))/i.test(
      target,
    ) ||
    /^\$\{?(?:host|http_host|server_name|hostname)\b/.test(target) ||
    /^(?:https?|\$\{?scheme\b\}?)(?::\/(?!\/)|\/|\$)/i.test(target)
  )
}

/** The port at the end of a URL whose path comes before it, out of a variable or a group; null where none is. */
function portBehindPath(target: string): string | null {
  const match =
    /^(?:https?|\$\{?scheme\}?):\/\/[^?#]*?(?:\$\{?(?:request_uri|uri|document_uri)\}?|\/[^?#]*\$\{?\d\}?)(:\d{2,5})\/?$/.exec(
      target,
    )
  return match?.[1] ?? null
}

/** A name with `www.` of a server that redirects every name to itself with one more; null where a line before decides. */
function doubledName({ names, directive }: NginxServer, line: NginxDirective): string | null {
  if (line.parent !== directive || !isRedirect(line)) return null
  if (!/^(?:https?|\$scheme):\/\/www\.\$\{?(?:host|http_host)\b/.test(targetOf(line))) return null
  // A condition on the name stands in an `if` before it.
  if (directive.children.some(({ name }) => name === 'if')) return null
  return names.find(({ name, exact }) => exact && name.startsWith('www.'))?.name ?? null
}

interface Fault {
  readonly at: Place
  readonly message: string
  readonly label: string
  readonly severity?: 'warning'
}

/** A host without a variable, and the path or a group of the pattern right behind it. */
const HOST_WRITTEN = /^(?:https?|\$scheme):\/\/[\w-]+(?:\.[\w-]+)+(?:\/|\$\{?[1-9])/

function faultOf(deployment: Deployment, server: NginxServer, line: NginxDirective): Fault | null {
  // Of a server that is not here nobody knows the names, and what they make of a variable.
  const isUnseen = isUnseenServer(server.directive)
  const block = line.parent ?? server.directive
  if (isUnseen && !HOST_WRITTEN.test(targetOf(line))) return null
  const name = server.names.find(({ exact }) => exact)?.name
  // What a name of the server is to capture is empty only where another name leads here.
  if (name === undefined && capturesHost(server, line)) return null
  const listen = server.listens.find(
    ({ loopback, port, quic }) => loopback !== true && port !== null && !quic,
  )
  if (listen === undefined && !isUnseen) return null
  const usual = listen?.tls === true ? 443 : 80
  const host = name ?? UNKNOWN_HOST
  const asked = listen === undefined || listen.port === usual ? host : `${host}:${listen.port}`
  for (const path of pathsTo(line, block)) {
    const answer = askServer(deployment, server, path, {
      ...(listen !== undefined && { listen }),
      request: { host: asked },
      into: block,
    })
    if (answer === null || answer.end.kind !== 'response' || answer.end.location === null) continue
    if (!answer.steps.some(({ directive }) => directive === line)) continue
    const { location } = answer.end
    const at = argumentPlace(line, targetIndex(line))
    const [, target = '', rest = ''] = /^https?:\/\/([^/?#]*)(.*)$/s.exec(location) ?? []
    const shown = location.replaceAll(MISSING, 'page')
    if (/:[^:\]]*:/.test(target.replace(/^\[[^\]]*\]/, '')))
      return {
        at,
        message: `the redirect leads to \`${shown}\`, whose host has two ports`,
        label: 'two ports',
      }
    if (isGrown(target, host, line) && !path.includes(`/${MISSING}`))
      return {
        at,
        severity: 'warning',
        message: `no slash stands between the host and the path: \`${path.replaceAll(MISSING, '.evil.example')}\` is redirected to \`${location.replaceAll(MISSING, '.evil.example')}\`, a host that whoever made the link chose`,
        label: 'the path becomes a part of the host',
      }
    if (isGrown(target, host, line))
      return {
        at,
        message: `no slash stands between the host and the path, so the redirect leads to \`${shown}\``,
        label: 'the path becomes a part of the host',
      }
    if (!isHost(target))
      return {
        at,
        message: `the redirect leads to \`${shown}\`, and no host has that name`,
        label: 'no name of a host',
      }
    if (rest.startsWith('//') && !path.startsWith('//'))
      return {
        at,
        severity: 'warning',
        message: `the redirect leads to \`${shown}\`, with two slashes behind the host`,
        label: 'the path has its own slash',
      }
  }
  return null
}

/** Paths that a redirect answers: those of the block that it stands in, and those that the pattern of a `rewrite` matches. */
function pathsTo({ name, args }: NginxDirective, block: NginxDirective): readonly string[] {
  const pattern = name === 'rewrite' ? (args[0]?.value ?? '') : null
  return [...pathsInto(block), ...(pattern === null ? [] : pathsOfPattern(pattern, false))]
}

/** True where the host of the target is, or may be, what a regular expression among the names of the server captures. */
function capturesHost({ names }: NginxServer, line: NginxDirective): boolean {
  const host = /^[^:]*:\/\/([^/?#]*)/.exec(targetOf(line))?.[1] ?? ''
  const captured = names.flatMap(({ name }) =>
    name.startsWith('~') ? [...name.matchAll(/\(\?P?[<'](\w+)[>']/g)].map(([, group = '']) => group) : [],
  )
  return [...host.matchAll(/\$\{?(\w+)/g)].some(([, variable = '']) =>
    captured.includes(variable.toLowerCase()),
  )
}

/** A name or an address, with or without a port. Underscores are tolerated, a label of nothing else is not. */
function isHost(host: string): boolean {
  if (/^\[[0-9a-f:.]+\](?::\d*)?$/i.test(host)) return true
  const labels = host.replace(/:\d*$/, '').replace(/\.$/, '').split('.')
  return labels.every(label => /^[a-z0-9_\x80-\xff-]*[a-z0-9\x80-\xff][a-z0-9_\x80-\xff-]*$/i.test(label))
}

/** True where a variable of the path follows the host without a slash, and becomes a part of it. */
function isGrown(host: string, asked: string, line: NginxDirective): boolean {
  const match = /^(?:https?|\$scheme):\/\/([^$/]+|\$(?:host|server_name|http_host))\$\{?[1-9]\}?(.?)/.exec(
    targetOf(line),
  )
  const [, written = '', next = ''] = match ?? []
  if (match === null || next === '.' || /[.-]$/.test(written)) return false
  return written.startsWith('$') ? host !== asked : written.includes('.') && host !== written
}

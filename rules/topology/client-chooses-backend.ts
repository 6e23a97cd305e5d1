import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { clientVariables, decidingVariable } from '../../src/deployment/requests/client-text.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { mayHoldUnread } from '../../src/servers/nginx/queries/scope.ts'
import { socketsOf } from '../../src/servers/nginx/queries/select-server.ts'
import { nginxMain } from '../_examples.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { externalReachability } from '../../src/servers/nginx/queries/reachability.ts'
import { directivesByServer } from '../../src/servers/nginx/queries/servers.ts'
import { groupsOf } from '../../parsers/pcre/walk.ts'
import type { PcreTree } from '../../parsers/pcre/tree.ts'
import { inetPton } from '../../src/servers/addresses/libc.ts'
import { bringsHost } from '../../src/servers/pcre/brings-host.ts'
import { literalPrefix, mayHold } from '../../src/servers/pcre/pattern-facts.ts'
import { readPattern } from '../../src/servers/pcre/read-pattern.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      resolver 127.0.0.53;
      ${lines}
  }
`

export default defineRule({
  summary: 'The client chooses the host that nginx connects to',
  severity: 'error',
  confidence: 'high',
  securitySeverity: 8.6,
  cwe: [918],
  since: '0.1.0',
  why: 'An argument, a header or a part of the path becomes the address of `proxy_pass`: nginx fetches for anybody from any host that it reaches, such as services of the own network and the metadata of a cloud.',
  remedy: 'Choose among known backends by a `map`, or list in the pattern the hosts that may be asked',
  references: ['https://owasp.org/www-community/attacks/Server_Side_Request_Forgery'],
  bad: [
    {
      title: 'a host in the path',
      files: {
        'nginx.conf': site(conf`
          location ~ ^/proxy/(.*)/(.*)$ {
              proxy_pass «http://$1/$2»;
          }
        `),
      },
    },
    {
      title: 'an argument',
      files: {
        'nginx.conf': site(conf`
          location /fetch {
              proxy_pass «$arg_url»;
          }
        `),
      },
    },
    {
      title: 'whatever name a client asks for',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          server {
              listen 80 default_server;
              server_name _;
              location / {
                  proxy_pass «http://$host:8080»;
              }
          }
        `),
      },
    },
    {
      title: 'a header, by way of another variable',
      files: {
        'nginx.conf': site(conf`
          location / {
              set $backend $http_x_backend;
              proxy_pass «http://$backend»;
          }
        `),
      },
    },
    {
      title: 'a host that goes on in the path',
      files: {
        'nginx.conf': site(conf`
          location ~ ^/api(.*)$ {
              proxy_pass «http://127.0.0.1$1»;
          }
        `),
      },
    },
    {
      title: 'a group with a name, behind a name that is resolved',
      files: {
        'nginx.conf': site(conf`
          location ~ ^/backend/(?<path>.*) {
              proxy_pass «http://app$path»;
          }
        `),
      },
    },
    {
      title: 'an argument, by way of a map that leaves it as it is',
      files: {
        'nginx.conf': [
          conf`
            map $arg_node $node {
                default 127.0.0.1:9000;
                "~^(?<given>.+)$" $given;
            }
          `,
          site(conf`
            location /node/ {
                proxy_pass «http://$node»;
            }
          `),
        ].join('\n'),
      },
    },
    {
      title: 'a header that replaces a value of its own',
      files: {
        'nginx.conf': site(conf`
          location / {
              set $backend 127.0.0.1:9000;
              if ($http_x_backend) {
                  set $backend $http_x_backend;
              }
              proxy_pass «http://$backend»;
          }
        `),
      },
    },
    {
      title: 'what a condition captures of a cookie',
      files: {
        'nginx.conf': site(conf`
          location / {
              if ($cookie_node ~ "^([^;]+)$") {
                  set $node $1;
              }
              proxy_pass «http://$node:9000»;
          }
        `),
      },
    },
    {
      title: 'a host that goes on behind what the expression writes out',
      files: {
        'nginx.conf': site(conf`
          location ~ ^/(https?://files\\.example\\.net.*)$ {
              proxy_pass «$1»;
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'the name that a client asks for, of those that the server has',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          conf`
            server {
                listen 80 default_server;
                return 404;
            }
          `,
          site(conf`
            location / {
                proxy_pass http://$host:8080;
            }
          `).replace('listen 80;', 'listen 80;\n    server_name a.example.org b.example.org;'),
        ]),
      },
    },
    {
      title: 'hosts of one domain, which the expression writes out',
      files: {
        'nginx.conf': site(conf`
          location ~ ^/(https?://(files|more-files)\\.example\\.net(:80|:443)?/.*)$ {
              proxy_pass $1$is_args$args;
          }
        `),
      },
    },
    {
      title: 'a path that begins with its slash',
      files: {
        'nginx.conf': site(conf`
          location ~ ^/api(/.*)$ {
              proxy_pass http://127.0.0.1$1;
          }
          location ~ ^/app(?<path>/.*|)$ {
              proxy_pass http://app$path;
          }
        `),
      },
    },
    {
      title: 'the request as it came, and a number of a server',
      files: {
        'nginx.conf': site(conf`
          location / {
              proxy_pass http://app$request_uri;
          }
          location ~ ^/node([0-9]+)/ {
              proxy_pass http://app$1;
          }
        `),
      },
    },
    {
      title: 'a name of an upstream, and nothing that resolves another',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          upstream app {
              server 127.0.0.1:9000;
          }
          server {
              listen 80;
              location ~ ^/api(.*)$ {
                  proxy_pass http://app$1;
              }
          }
        `),
      },
    },
    {
      title: 'one name of a list',
      files: {
        'nginx.conf': site(conf`
          location ~ ^/proxy/(one|two)/(.*)$ {
              proxy_pass http://$1.example.org/$2;
          }
        `),
      },
    },
    {
      title: 'a path behind a host',
      files: {
        'nginx.conf': site(conf`
          location ~ ^/proxy/(.*)$ {
              proxy_pass http://127.0.0.1:9000/$1;
          }
        `),
      },
    },
    {
      title: 'for internal redirects, whose address the application gives',
      files: {
        'nginx.conf': site(conf`
          location ~ ^/internal/(https?)/(.*?)/(.*)$ {
              internal;
              proxy_pass $1://$2/$3;
          }
        `),
      },
    },
    {
      title: 'a header and a cookie of which a map and a condition take what they know',
      files: {
        'nginx.conf': [
          conf`
            map $cookie_node $node {
                default 127.0.0.1:9000;
                "~^(?<given>one|two)$" $given;
            }
          `,
          site(conf`
            set $backend app;
            if ($http_x_backend ~ "^(blue|green)$") {
                set $backend $1;
            }
            location / {
                proxy_pass http://$backend:9000;
            }
            location /node/ {
                proxy_pass http://$node;
            }
          `),
        ].join('\n'),
      },
    },
    {
      title: 'an argument for which the request is refused but of known ones',
      files: {
        'nginx.conf': site(conf`
          location /node/ {
              set $node $arg_node;
              if ($arg_node !~ "^(one|two)$") {
                  return 403;
              }
              proxy_pass http://$node:9000;
          }
        `),
      },
    },
    {
      title: 'a variable of its own',
      files: {
        'nginx.conf': site(conf`
          location / {
              set $backend app.example.org;
              proxy_pass http://$backend;
          }
        `),
      },
    },
  ],
  *check(deployment) {
    for (const { server, block, pass } of deployment.connections.nginx) {
      const written = pass.args[0]?.value ?? ''
      if (!written.includes('$') || isUnknownWord(written)) continue
      const host = hostOf(written)
      const variable =
        chosenBy(deployment, server, block, host) ?? chosenOnTheWay(deployment, server, block, host)
      if (variable === null) continue
      const { kind } = externalReachability(server.configuration, block)
      if (kind !== 'reachable' || mayAskPassword(server, block)) continue
      yield {
        at: argumentPlace(pass, 0),
        message: /^(?:\$?\{?\w+\}?:\/\/)?\$/.test(written)
          ? `\`$${variable}\` is what the client writes, and names the host that nginx connects to`
          : `\`$${variable}\` is what the client writes, and no slash keeps it from going on with the host or its port`,
        label: 'any host',
      }
    }
  },
})

/** What clients write to be connected to a host of their own. */
const FOREIGN = [
  'evil.example',
  'evil.example:8080',
  'http://evil.example',
  '203.0.113.9',
  '203.0.113.9:8080',
]

/**
 * The variable of the client’s that a `map`, a `set` or a condition makes the host of: a request that writes a foreign
 * host there leads to it.
 */
function chosenOnTheWay(
  deployment: Deployment,
  server: NginxServer,
  block: NginxDirective,
  host: string,
): string | null {
  return decidingVariable(
    deployment,
    server,
    block,
    clientVariables(server.configuration, block, host),
    FOREIGN,
    (end, text) => end.kind === 'pass' && end.target.upstream === null && text.includes(end.target.host),
  )
}

/** True where a file that was not read may ask for a password. */
function mayAskPassword({ configuration }: NginxServer, block: NginxDirective): boolean {
  return ['auth_basic', 'allow'].some(name => !effectiveAtHand(configuration, block, name).known)
}

/** What is written of the host: up to the first slash behind the scheme. */
function hostOf(written: string): string {
  return /^(?:\$?\{?\w+\}?:\/\/)?([^/?#]*)/.exec(written)?.[1] ?? ''
}

/** As far as variables are followed that are set by others. */
const DEEPEST = 4

/** The variable of the client’s that makes up the host, where it may name any; null for none, and in doubt. */
function chosenBy(
  deployment: Deployment,
  server: NginxServer,
  block: NginxDirective,
  host: string,
  depth = 0,
): string | null {
  // A fixed domain behind the variable leaves nothing to choose but names below it.
  if (depth > DEEPEST || /\}?\.[a-z0-9-]+\.[a-z]+(?::\d+)?$/i.test(host)) return null
  const [first] = variableNames(host)
  const fixed = /^([\w.-]*)\$/.exec(host)?.[1]
  if (first === undefined || fixed === undefined) return null
  if (fixed !== '' && !mayGoOn(server, block, fixed, host.slice(fixed.length))) return null
  if (/^(?:arg_|cookie_|http_(?!host$))/.test(first)) return first
  if (/^(?:http_)?host$/.test(first)) return takesAnyName(server) ? first : null
  const group = groupOf(block, first)
  if (group !== null) return isFreeGroup(block, group, fixed !== '') ? first : null
  const values = (directivesByServer(server.configuration, 'set').get(server.directive) ?? []).filter(
    ({ args }) => args[0]?.value.toLowerCase() === `$${first}`,
  )
  const [value] = values
  if (
    value === undefined ||
    values.length > 1 ||
    (value.parent !== block && value.parent !== server.directive)
  )
    return null
  return chosenBy(deployment, server, block, hostOf(value.args[1]?.value ?? ''), depth + 1)
}

/** True for a server of the network that answers every name that no other one has. */
function takesAnyName({ configuration, directive, listens }: NginxServer): boolean {
  if (!listens.some(({ loopback }) => loopback === false) || mayHoldUnread(configuration)) return false
  return socketsOf(configuration, directive).some(
    ({ socket }) => socket.defaultServer.known && socket.defaultServer.value.server === directive,
  )
}

/** True where what follows the beginning of a host makes another host, to which nginx finds the way. */
function mayGoOn(
  { configuration }: NginxServer,
  block: NginxDirective,
  fixed: string,
  rest: string,
): boolean {
  if (!/^\$(?:\w+|\{\w+\})$/.test(rest)) return false
  // Behind an address a port can come; a name has to be resolved.
  if (inetPton(fixed) !== null) return true
  const resolver = effectiveAtHand(configuration, block, 'resolver')
  return resolver.known && resolver.value.directives.some(({ args }) => args[0]?.value !== 'off')
}

/** The number of a group of the location’s expression, by number or name; null for another variable. */
function groupOf(block: NginxDirective, variable: string): number | null {
  if (/^[1-9]$/.test(variable)) return Number(variable)
  if (block.name !== 'location') return null
  const { modifier, name } = readLocation(block)
  const tree = modifier === '~' || modifier === '~*' ? readPattern(name) : null
  return tree?.names.find(each => each.name.toLowerCase() === variable)?.group ?? null
}

/**
 * True where a group of the location’s expression takes a whole host: dots and whatever a name may have.
 *
 * @param isBehind where it goes on with a host: then it must be able to begin with something else than a slash
 */
function isFreeGroup(block: NginxDirective, group: number, isBehind: boolean): boolean {
  // A rewrite or a condition has groups of its own.
  if (block.name !== 'location' || block.children.some(({ name }) => name === 'rewrite' || name === 'if'))
    return false
  const { modifier, name } = readLocation(block)
  const tree = modifier === '~' || modifier === '~*' ? readPattern(name) : null
  if (tree === null) return false
  if (isBehind ? beginsWithSlash(tree, group) : bringsHost(tree, group)) return false
  return [...'.az09'].every(char => mayHold(tree, char.charCodeAt(0), group))
}

/** True where each text of a group is empty or begins with a slash. */
function beginsWithSlash(tree: PcreTree, group: number): boolean {
  const node = groupsOf(tree).get(group)
  if (node?.kind !== 'group') return false
  return node.alternatives.every(
    alternative =>
      alternative.items.length === 0 ||
      literalPrefix({ ...tree, alternatives: [alternative] }).startsWith('/'),
  )
}

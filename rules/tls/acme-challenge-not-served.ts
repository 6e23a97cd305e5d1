import { posix } from 'node:path'
import { memo } from '../../parsers/collections/memo.ts'
import { acmeWebroots } from '../../src/deployment/acme-challenges.ts'
import { indentationAt, insertBefore, propose } from '../../src/deployment/edits.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { EXISTING } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { OutcomeEnd } from '../../src/servers/nginx/queries/outcome.ts'
import type { Outcome } from '../../src/servers/nginx/queries/outcome.ts'

const RENEWAL = {
  'etc/letsencrypt/renewal/example.org.conf': conf`
    version = 2.1.0
    [renewalparams]
    authenticator = webroot
    [[webroot_map]]
    example.org = /srv/www
  `,
}
const site = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': conf`
    events {
    }
    http {
        server {
            listen 80;
            server_name example.org;
            root /srv/www;
            ${lines}
        }
    }
  `,
  ...RENEWAL,
})

export default defineRule({
  summary: 'The challenge by which certbot renews a certificate is not served',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'certbot puts a file below `.well-known/acme-challenge` into its webroot, and the authority asks for it over plain HTTP. A password, a rule against hidden files, a proxy or another root answers in its place: the certificate is not renewed, and expires.',
  remedy:
    'Add `location ^~ /.well-known/acme-challenge/` with the webroot as `root`, and `auth_basic off` or `allow all` where access is restricted',
  references: ['https://letsencrypt.org/docs/challenge-types/#http-01-challenge'],
  bad: [
    {
      title: 'hidden files are denied',
      files: site(conf`
        location ~ «/\.» {
            deny all;
        }
      `),
    },
    {
      title: 'a password for everything',
      files: {
        ...site(conf`
          «auth_basic» "Private";
          auth_basic_user_file /etc/nginx/htpasswd;
        `),
        'etc/nginx/htpasswd': conf`admin:$apr1$x$y`,
      },
    },
    {
      title: 'an application gets all requests',
      files: site(conf`
        location / {
            proxy_pass «http://127.0.0.1:9000»;
        }
      `),
    },
  ],
  good: [
    {
      title: 'a location for the challenge',
      files: site(conf`
        location ^~ /.well-known/acme-challenge/ {
        }
        location ~ /\. {
            deny all;
        }
      `),
    },
    {
      title: 'hidden files, but for well-known ones',
      files: site(conf`
        location ~ /\.(?!well-known) {
            deny all;
        }
      `),
    },
    {
      title: 'certbot answers by its own plugin',
      files: {
        ...site(conf`
          location / {
              proxy_pass http://127.0.0.1:9000;
          }
        `),
        'etc/letsencrypt/renewal/example.org.conf': conf`
          [renewalparams]
          authenticator = nginx
        `,
      },
    },
    {
      title: 'redirected to TLS, where it is served',
      files: {
        ...site('return 301 https://$host$request_uri;'),
      },
    },
  ],
  *check(deployment) {
    for (const configuration of deployment.nginx) {
      const webroots = acmeWebroots(deployment.filesOf(configuration))
      if (webroots.length === 0) continue
      const servers = plainServers(deployment)
      for (const { name, directory, at: renewal } of webroots) {
        const server = servers.get(name)
        if (server === undefined || server.configuration !== configuration) continue
        const path = `/.well-known/acme-challenge/${EXISTING}`
        const answer = askServer(deployment, server, path)
        if (answer === null || isServed(answer.end, `${directory}${path}`)) continue
        const { at, words } = whatAnswers(answer, server)
        yield {
          at,
          message: `the challenge for \`${name}\` is ${words}, so certbot cannot renew the certificate`,
          label: 'answers for `.well-known/acme-challenge`',
          related: [{ at: renewal, message: `certbot puts it below ${directory}` }],
          ...allow(server, directory),
        }
      }
    }
  },
})

/** The server of each plain name that listens on port 80 without TLS. */
const plainServers = memo(({ servers }: Deployment): ReadonlyMap<string, NginxServer> => {
  const found = new Map<string, NginxServer>()
  for (const server of servers) {
    if (!server.plainListens.some(({ port }) => port === 80)) continue
    for (const { name, exact } of server.names) if (exact && !found.has(name)) found.set(name, server)
  }
  return found
})

/** True too where nobody can tell, and for a redirect, which the authority follows. */
function isServed(end: OutcomeEnd, file: string): boolean {
  switch (end.kind) {
    case 'file':
      return posix.normalize(end.path) === posix.normalize(file)
    case 'response':
      return end.location !== null || end.status < 400
    case 'unknown':
    case 'handler':
      return true
    // A backend on this machine may be certbot’s own server.
    case 'pass':
      return end.target.endpoints.some(({ port }) => port === 8888 || port === 402 || port === 9080)
    case 'closed':
      return false
  }
}

function whatAnswers(
  { end, steps }: Outcome,
  { directive }: NginxServer,
): { readonly at: Place; readonly words: string } {
  const location = steps.findLast(({ kind }) => kind === 'location')
  const at = location?.at ?? namePlace(directive)
  switch (end.kind) {
    case 'file':
      return { at, words: `looked for as \`${end.path.replace(EXISTING, '…')}\`` }
    case 'pass':
      return { at: end.at ?? at, words: 'passed to a backend' }
    case 'response':
      return {
        at: end.status === 401 && end.at !== null ? authAt(end.at, directive) : at,
        words: `answered with ${end.status}`,
      }
    default:
      return { at, words: 'not answered' }
  }
}

/** The name of the line, whose argument is told. */
function authAt(at: Place, server: NginxServer['directive']): Place {
  const line = server.children.find(
    ({ name, source, node }) =>
      name === 'auth_basic' && source === at.source && node.start <= at.start && node.end >= at.end,
  )
  return line === undefined ? at : namePlace(line)
}

function allow({ directive }: NginxServer, directory: string) {
  const first = directive.children.find(
    ({ source, name }) => source === directive.source && name === 'location',
  )
  if (first === undefined) return {}
  const at = namePlace(first)
  const indent = indentationAt(at)
  const lines = [
    'location ^~ /.well-known/acme-challenge/ {',
    `    root ${directory};`,
    '    auth_basic off;',
    '    allow all;',
    '}',
    '',
  ]
  return propose('Serve the challenge', 'unsafe', [insertBefore(at, lines.join(`\n${indent}`))])
}

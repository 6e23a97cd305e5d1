import { answersAll, writtenRedirect } from '../../src/servers/nginx/queries/answers-all.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { requestsToServer } from '../../src/deployment/requests/made-up-requests.ts'
import { probe } from '../../src/deployment/requests/probe.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { nginxMain } from '../_examples.ts'

const nginx = (conditions: string, last = 'return «404»;', names = 'example.org www.example.org'): string =>
  nginxMain(conf`
    server {
        listen 443 ssl;
        server_name example.org www.example.org;
        ssl_certificate /etc/ssl/site.pem;
        ssl_certificate_key /etc/ssl/site.key;
        return 200 "the site";
    }
    server {
        ${conditions}
        listen 80;
        server_name ${names};
        ${last}
    }
  `)
const redirected = (name: string): string => conf`
  if ($host = ${name}) {
      return 301 https://$host$request_uri;
  }
`

export default defineRule({
  summary: 'A name that is served over TLS is answered with 404 in plain HTTP',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'certbot redirects the names that it made a certificate for, each by an `if` of its own, and answers every other one with 404. A name that was added to `server_name` by hand has no `if`: whoever types it without `https://` gets 404.',
  remedy:
    'Redirect every name of the server: `return 301 https://$host$request_uri;` in the place of `return 404;`',
  references: ['https://eff-certbot.readthedocs.io/en/stable/using.html#nginx'],
  bad: [
    {
      title: 'the name without www',
      files: { 'etc/nginx/nginx.conf': nginx(redirected('www.example.org')) },
    },
  ],
  good: [
    {
      title: 'both names',
      files: {
        'etc/nginx/nginx.conf': nginx(
          `${redirected('www.example.org')}${redirected('example.org')}`,
          'return 404;',
        ),
      },
    },
    {
      title: 'whatever the name is',
      files: { 'etc/nginx/nginx.conf': nginx('', 'return 301 https://$host$request_uri;') },
    },
    {
      title: 'a name that TLS does not have either',
      files: {
        'etc/nginx/nginx.conf': nginx(
          redirected('www.example.org'),
          'return 404;',
          'www.example.org old.example.org',
        ),
      },
    },
    {
      title: 'nothing in plain HTTP, on purpose',
      files: { 'etc/nginx/nginx.conf': nginx('', 'return 404;') },
    },
  ],
  *check(deployment) {
    const { nginx: configurations, servers } = deployment
    for (const { occurrences } of configurations) {
      for (const line of occurrences.get('return') ?? []) {
        const { parent } = line
        if (parent?.name !== 'server' || line.args[0]?.value !== '404' || line.args.length > 1) continue
        const redirects = parent.children.filter(isRedirectOfHost)
        const server = serverIndex(servers).get(parent)
        if (redirects.length === 0 || server === undefined) continue
        const lost = namesLost(deployment, server, line)
        const [first] = lost
        if (first === undefined) continue
        yield {
          at: argumentPlace(line, 0),
          message: `${lost.map(name => `\`${name}\``).join(' and ')} ${lost.length > 1 ? 'are' : 'is'} served over TLS, and answered with 404 in plain HTTP`,
          label: 'for names without a redirect',
          related: redirects.map(each => ({ at: namePlace(each), message: 'redirects another name' })),
          help: 'Write `return 301 https://$host$request_uri;`',
        }
      }
    }
  },
})

/** `if ($host = …) { return 301 https://…; }` */
function isRedirectOfHost({ name, args, children }: NginxDirective): boolean {
  return (
    name === 'if' &&
    args[0]?.value.includes('$host') === true &&
    children.some(
      child => answersAll(child) && writtenRedirect(child)?.target.value.startsWith('https://') === true,
    )
  )
}

/** Names of a server for which this line answers, and which some server answers well over TLS. */
function namesLost(deployment: Deployment, server: NginxServer, line: NginxDirective): readonly string[] {
  const place = namePlace(line)
  const lost = new Set<string>()
  for (const request of requestsToServer(deployment, server).slice(0, MOST)) {
    if (request.scheme !== 'http') continue
    const { end } = probe(deployment, request)
    if (end.kind !== 'status' || end.status !== 404 || end.at?.source !== place.source) continue
    if (end.at.start !== place.start) continue
    const { address: _, ...rest } = request
    const secure = probe(deployment, { ...rest, scheme: 'https', port: 443 })
    const isServed =
      secure.end.kind === 'unknown' || secure.end.kind === 'refused' || secure.end.kind === 'loop'
        ? false
        : secure.end.kind !== 'status' || secure.end.status < 400
    const names = secure.steps[0]?.directive?.children.find(({ name }) => name === 'server_name')
    // The default server of the socket may answer for anybody.
    if (isServed && names?.args.some(({ value }) => value === request.host)) lost.add(request.host)
  }
  return [...lost]
}

/** As many names of a server are asked for. */
const MOST = 24

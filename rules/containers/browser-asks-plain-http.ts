import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { upgrades, upgradesRequests } from '../_upgraded-requests.ts'
import { browserVariables } from './_browser-variables.ts'

const project = (
  variable: string,
  plain = 'return 301 https://$host$request_uri;',
): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      nginx:
        image: nginx:1.27
        ports: ["80:80", "443:443"]
        volumes: ["./site.conf:/etc/nginx/conf.d/default.conf", "./certs:/etc/nginx/certs"]
      frontend:
        build:
          context: ./frontend
          args:
            ${variable}
  `,
  'site.conf': conf`
    server {
        listen 80;
        server_name app.example.org;
        ${plain}
    }
    server {
        listen 443 ssl;
        server_name app.example.org;
        ssl_certificate /etc/nginx/certs/app.pem;
        ssl_certificate_key /etc/nginx/certs/app.key;
        location / {
            proxy_pass http://frontend;
        }
    }
  `,
  'frontend/Dockerfile': 'FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm run build\n',
  'frontend/package.json': '{ "scripts": { "build": "vite build" } }\n',
})

export default defineRule({
  summary: 'Scripts of a page that is served over TLS ask for plain HTTP, which browsers refuse',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'A page that came by https may ask for nothing by http, and open no WebSocket by ws: `Mixed Content: the page was loaded over HTTPS, but requested an insecure resource`. The redirect to https does not help, as the browser does not send the request; the policy `upgrade-insecure-requests` of a page does.',
  remedy: 'Write `https://` and `wss://`, or a path without scheme and name, such as `/api`',
  references: [
    'https://developer.mozilla.org/en-US/docs/Web/Security/Mixed_content',
    'https://vite.dev/guide/env-and-mode.html',
  ],
  unproven: 'The harm is in a browser, which the live tests do not start',
  bad: [
    { title: 'the address of an API', files: project('VITE_API_URL: «http://app.example.org/api»') },
    { title: 'a WebSocket', files: project('REACT_APP_WS_URL: «ws://app.example.org/ws»') },
    {
      title: 'a site of which plain HTTP has another part alone',
      files: project(
        'VITE_API_URL: «http://app.example.org/api»',
        conf`
        location /.well-known/acme-challenge/ {
            root /var/www/certbot;
        }
        location / {
            return 301 https://app.example.org$request_uri;
        }
      `,
      ),
    },
  ],
  good: [
    {
      title: 'a policy by which browsers ask for https',
      files: {
        ...project('VITE_API_URL: http://app.example.org/api'),
        'site.conf': project('')['site.conf']!.replace(
          'location /',
          'add_header Content-Security-Policy upgrade-insecure-requests always;\n    location /',
        ),
      },
    },
    {
      title: 'the same in the page',
      files: {
        ...project('VITE_API_URL: http://app.example.org/api'),
        'frontend/index.html':
          '<meta http-equiv="Content-Security-Policy" content="upgrade-insecure-requests">\n',
      },
    },
    { title: 'https', files: project('VITE_API_URL: https://app.example.org/api') },
    { title: 'a path', files: project('VITE_API_URL: /api') },
    { title: 'a link that is no request', files: project('VITE_SITE_URL: http://app.example.org') },
    { title: 'a name that nginx does not have', files: project('VITE_API_URL: http://api.example.net') },
    {
      title: 'another port, which may be for development',
      files: project('VITE_API_URL: http://app.example.org:8000'),
    },
    {
      title: 'a site that answers in plain HTTP, too',
      files: project(
        'VITE_API_URL: http://app.example.org/api',
        conf`
        location / {
            proxy_pass http://frontend;
        }
      `,
      ),
    },
  ],
  *check(deployment) {
    const secure = onlySecure(deployment)
    if (secure.size === 0 || upgradesRequests(deployment)) return
    for (const { container } of deployment.machines) {
      if (container === null || isUpgradedByPage(container)) continue
      for (const { name, value } of browserVariables(container)) {
        if (!value.known || value.at === null || !OF_REQUESTS.test(name)) continue
        const [, scheme = '', host = ''] = /^(http|ws):\/\/([\w.-]+)(?::80)?(?:\/|$)/.exec(value.value) ?? []
        const redirect = secure.get(host.toLowerCase())
        if (redirect === undefined) continue
        yield {
          at: value.at,
          message: `\`${host}\` is served over TLS alone, and a page that came by https may not ask for \`${scheme}://\`: Mixed Content`,
          label: `not \`${scheme}s://\``,
          related: [{ at: redirect, message: 'plain HTTP is redirected' }],
          help: `Write \`${scheme}s://${host}\``,
        }
      }
    }
  },
})

/** True where the page itself has browsers ask by https. */
function isUpgradedByPage({ service, hostFiles }: Container): boolean {
  const context = service.build?.context
  return ['index.html', 'public/index.html'].some(
    page =>
      context?.known === true && upgrades(sourceAt(hostFiles, posix.join(context.value, page))?.text ?? ''),
  )
}

/** What a script asks for; the address of the site itself is written into links. */
const OF_REQUESTS = /(?:^|_)(?:API|BACKEND|GRAPHQL|SOCKET|WEBSOCKET|WS|SERVER|ENDPOINT|REST)(?:_|$)/

/** Names of nginx that TLS serves and plain HTTP redirects to it, with the redirect. */
function onlySecure({ servers }: Deployment): ReadonlyMap<string, Place> {
  const found = new Map<string, Place>()
  const namesOf = (isAsked: (server: Deployment['servers'][number]) => boolean): ReadonlySet<string> =>
    new Set(
      servers
        .filter(isAsked)
        .flatMap(({ names }) => names.flatMap(({ name, exact }) => (exact ? [name] : []))),
    )
  const secure = namesOf(({ tls }) => tls)
  const open = namesOf(({ plainListens, answer }) => plainListens.length > 0 && answer.kind !== 'redirect')
  for (const { names, plainListens, answer } of servers) {
    if (plainListens.length === 0 || answer.kind !== 'redirect' || !answer.target.startsWith('https://'))
      continue
    for (const { name, exact } of names)
      if (exact && secure.has(name) && !open.has(name)) found.set(name, answer.at)
  }
  return found
}

import type { Container } from '../../src/deployment/containers/container.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { serviceVariables } from '../../src/deployment/containers/service-variables.ts'
import { addHeader } from '../forwarded-headers/_add-header.ts'

const tree = (service: string, lines = '', pass = 'http://«tool»:3000'): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      nginx:
        image: nginx:1.27
        ports: ["80:80"]
        volumes:
          - ./site.conf:/etc/nginx/conf.d/default.conf:ro
          - ./users:/etc/nginx/users:ro
      tool:
        ${service}
  `,
  'site.conf': conf`
    server {
        listen 80;
        server_name tool.example.org;
        auth_basic "Tool";
        auth_basic_user_file /etc/nginx/users;
        location / {
            proxy_pass ${pass.replace(/[«»]/g, '')};
            proxy_set_header Host $host;
            ${lines}
        }
    }
  `.replace('proxy_pass http', `${pass.includes('«') ? '«proxy_pass»' : 'proxy_pass'} http`),
})
const PLAIN = 'http://tool:3000'

export default defineRule({
  summary: 'The password that nginx asks for goes on to an application that refuses it',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx checks `Authorization` and sends it on with the request. An application that knows `Authorization: Basic` itself looks for the same name among its own accounts, and answers 401: the browser asks for the password again and again.',
  remedy: 'Write `proxy_set_header Authorization "";`, or let one of the two ask',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_auth_basic_module.html',
    'https://grafana.com/docs/grafana/latest/setup-grafana/configure-security/configure-authentication/grafana/#basic-authentication',
  ],
  unproven: 'The live tests start no containers, and install none of these programs',
  bad: [
    { title: 'Grafana', files: tree('image: grafana/grafana:11.0.0') },
    { title: 'Gitea', files: tree('image: gitea/gitea:1.21') },
  ],
  good: [
    {
      title: 'the password stays with nginx',
      files: tree('image: grafana/grafana:11.0.0', 'proxy_set_header Authorization "";', PLAIN),
    },
    {
      title: 'Grafana that does not look at it',
      files: tree(
        conf`
          image: grafana/grafana:11.0.0
          environment:
            GF_AUTH_BASIC_ENABLED: "false"
        `,
        '',
        PLAIN,
      ),
    },
    { title: 'another program', files: tree('image: example/tool:1', '', PLAIN) },
    {
      title: 'nginx asks for none',
      files: tree('image: gitea/gitea:1.21', 'auth_basic off;', PLAIN),
    },
  ],
  *check({ connections, machines, nginx }) {
    if (!nginx.some(({ occurrences }) => occurrences.has('auth_basic'))) return
    if (!machines.some(({ container }) => container !== null && refusing(container) !== null)) return
    for (const connection of connections.http) {
      const { server, block, headers } = connection
      const program = connection.targets
        .map(({ machine }) => machine?.container ?? null)
        .map(container => (container === null ? null : refusing(container)))
        .find(name => name !== null)
      if (program === undefined || program === null || headers.open) continue
      if (headers.written.some(({ name }) => name === 'authorization')) continue
      const asked = effectiveAtHand(server.configuration, block, 'auth_basic')
      const line = asked.known ? asked.value.directives[0] : undefined
      if (line === undefined || line.args[0]?.value === 'off') continue
      yield {
        at: namePlace(connection.pass),
        message: `${program} is sent the name and the password that nginx asked for, and answers 401`,
        label: '`Authorization` is sent on',
        related: [{ at: argumentPlace(line, 0), message: 'asked for here' }],
        ...addHeader(connection, 'Authorization', '""', 'unsafe'),
      }
    }
  },
})

/** A program that takes `Authorization: Basic` for one of its own accounts; null for any other. */
function refusing({ base, service, mounts, hostFiles }: Container): string | null {
  const given = serviceVariables(service, hostFiles)
  if (base === null || service.build !== null || !given.complete) return null
  if (/^(?:codeberg\.org\/forgejo|gitea)\/(?:forgejo|gitea)$/.test(base)) return 'Gitea'
  if (!/^grafana\/grafana(?:-oss|-enterprise)?$/.test(base)) return null
  const isOff = given.variables.some(({ name, value }) =>
    name === 'GF_AUTH_BASIC_ENABLED'
      ? value?.known !== true || /^false$/i.test(value.value)
      : /^GF_AUTH_(?:PROXY|JWT)_/.test(name),
  )
  return isOff || mounts.some(({ target }) => /^\/etc\/grafana/.test(target)) ? null : 'Grafana'
}

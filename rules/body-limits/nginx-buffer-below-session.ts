import type { NginxConnection } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { parseSize } from '../../src/servers/nginx/validate/numbers.ts'
import { type OAuth2Proxy, oauth2ProxyAt } from './_oauth2-proxy.ts'

const site = (lines = '', to = '127.0.0.1:4180'): string => conf`
  server {
      listen 80;
      server_name logs.example.org;
      ${lines}
      location /oauth2/ {
          proxy_pass «http://${to}»;
          proxy_set_header Host $host;
      }
      location = /oauth2/auth {
          internal;
          proxy_pass http://${to};
          proxy_set_header Host $host;
      }
      location / {
          auth_request /oauth2/auth;
          proxy_pass http://127.0.0.1:5601;
      }
  }
`
const AZURE = conf`
  http_address = "127.0.0.1:4180"
  provider = "oidc"
  oidc_issuer_url = "https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000/v2.0"
  upstreams = [ "static://202" ]
`
const unit = (settings: string, nginx = site(), flags = ''): Record<string, string> => ({
  'deploy/nginx.conf': nginx,
  'deploy/oauth2-proxy.cfg': settings,
  'deploy/oauth2-proxy.service': conf`
    [Service]
    ExecStart=/usr/local/bin/oauth2-proxy --config=/etc/oauth2-proxy.cfg ${flags}
  `,
})
const compose = (service: string, nginx = site('', 'auth:4180')): Record<string, string> => ({
  'compose.yaml': conf`
    services:
      web:
        image: nginx:1.27
        ports: ["80:80"]
        volumes: ["./site.conf:/etc/nginx/conf.d/default.conf:ro"]
      auth:
        image: quay.io/oauth2-proxy/oauth2-proxy:v7.6.0
        ${service}
  `,
  'site.conf': nginx,
})

export default defineRule({
  summary: 'nginx has no room for the cookies in which oauth2-proxy keeps a session',
  severity: 'warning',
  otherSeverities: { info: 'for a Keycloak, whose tokens are smaller' },
  confidence: 'medium',
  since: '0.1.0',
  why: 'oauth2-proxy keeps a session with its tokens in cookies by itself, several of 4 KB where the tokens are those of Azure. nginx reads the header of an answer into one buffer, 4k by itself, and answers 502 after the login: `upstream sent too big header while reading response header from upstream`. The documentation of the provider says so.',
  remedy:
    'Write `proxy_buffer_size 16k;` with `proxy_buffers 8 16k;`, or keep the sessions in Redis: `session_store_type = "redis"`',
  references: [
    'https://oauth2-proxy.github.io/oauth2-proxy/configuration/providers/ms_azure_ad',
    'https://oauth2-proxy.github.io/oauth2-proxy/configuration/session_storage',
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffer_size',
  ],
  unproven: 'The live tests have no oauth2-proxy; a backend that sends as many cookies is answered with 502',
  bad: [
    { title: 'a login of Azure', files: unit(AZURE) },
    {
      title: 'a provider that a flag names',
      files: unit('upstreams = [ "static://202" ]', site(), '--provider=azure --pass-access-token'),
    },
    {
      title: 'a container',
      files: compose(conf`
        environment:
          OAUTH2_PROXY_HTTP_ADDRESS: 0.0.0.0:4180
          OAUTH2_PROXY_PROVIDER: entra-id
      `),
    },
    {
      title: 'a container in front of everything, and Keycloak',
      files: compose(
        'command: ["--provider", "keycloak-oidc", "--http-address=0.0.0.0:4180"]',
        conf`
          server {
              listen 80;
              location / {
                  proxy_pass «http://auth:4180»;
              }
          }
        `,
      ),
    },
    {
      title: 'the default, written out',
      files: unit(AZURE, site('proxy_buffer_size 4k;')),
    },
  ],
  good: [
    {
      title: 'a larger buffer',
      files: unit(AZURE, site('proxy_buffer_size 16k;\nproxy_buffers 8 16k;')),
    },
    { title: 'a buffer that somebody has measured', files: unit(AZURE, site('proxy_buffer_size 8k;')) },
    { title: 'sessions in Redis', files: unit(AZURE, site(), '--session-store-type=redis') },
    { title: 'cookies without tokens', files: unit(`${AZURE}session_cookie_minimal = true\n`) },
    {
      title: 'another provider',
      files: unit('provider = "github"\nupstreams = [ "static://202" ]\n'),
    },
    {
      title: 'another port',
      files: unit(AZURE.replace('4180', '4181')),
    },
    {
      title: 'a file of variables that is not here',
      files: compose(conf`
        env_file: auth.env
        environment:
          OAUTH2_PROXY_PROVIDER: azure
      `),
    },
  ],
  *check({ connections, programOf }) {
    for (const connection of connections.nginx) {
      const { pass, from, targets } = connection
      if (pass.name !== 'proxy_pass' || asksAlone(connection) || !isSmall(connection)) continue
      for (const target of targets) {
        const proxy = oauth2ProxyAt(target, programOf(from.configuration).machine)
        const tokens = proxy === null ? null : tokensOf(proxy)
        if (tokens === null) continue
        yield {
          at: argumentPlace(pass, 0),
          ...(tokens === 'Keycloak' && { severity: 'info' as const }),
          message: `oauth2-proxy sends a session with the tokens of ${tokens} in cookies, which the 4k of \`proxy_buffer_size\` may not hold: upstream sent too big header, 502 after the login`,
          label: 'read into a small buffer',
        }
        break
      }
    }
  },
})

/** True for the location that `auth_request` asks, and no client. */
function asksAlone({ block }: NginxConnection): boolean {
  return block.args[0]?.value === '=' && /\/auth$/.test(block.args[1]?.value ?? '')
}

/** True where nobody gave nginx more room for the header of an answer than it has by itself. */
function isSmall({ from, block }: NginxConnection): boolean {
  const fact = effectiveAtHand(from.configuration, block, 'proxy_buffer_size')
  if (!fact.known) return false
  const written = fact.value.directives.at(-1)?.args[0]?.value
  const size = written === undefined ? 0 : parseSize(written)
  return size !== null && size < 8192
}

/** Whose tokens are in its cookies; null where sessions are elsewhere, or small. */
function tokensOf({ option }: OAuth2Proxy): 'Azure' | 'Keycloak' | null {
  if ((option('session_store_type') ?? 'cookie') !== 'cookie') return null
  if (/^(?:true|1)$/i.test(option('session_cookie_minimal') ?? '')) return null
  const provider = option('provider') ?? 'google'
  const issuer = option('oidc_issuer_url') ?? ''
  if (/^(?:azure|entra-id)$/.test(provider) || /login\.microsoftonline\.(?:com|us)/.test(issuer))
    return 'Azure'
  return /^keycloak/.test(provider) || (provider === 'oidc' && /\/realms\//.test(issuer)) ? 'Keycloak' : null
}

import { memo } from '../../parsers/collections/memo.ts'
import type { Source } from '../../parsers/text/source.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { parseSize } from '../../src/servers/nginx/validate/numbers.ts'

const site = (lines: string, location = '/oauth2/', own = ''): Record<string, string> => ({
  'site.conf': conf`
    server {
        listen 80;
        server_name bi.example.org;
        ${lines}
        location ${location} {
            ${own}
            proxy_pass http://127.0.0.1:4180;
            proxy_set_header Host $host;
        }
        location / {
            proxy_pass http://127.0.0.1:8088;
            proxy_set_header Host $host;
        }
    }
  `,
})

export default defineRule({
  summary: 'The buffers of a body are raised, and the one of the header stays as small as it was',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: 'nginx reads the header of an answer into one buffer, that of `proxy_buffer_size` (`fastcgi_buffer_size`), which is 4k by itself, or 8k. `proxy_buffers` and `proxy_busy_buffers_size` are for what follows. A login with large cookies is answered with 502 as before: `upstream sent too big header while reading response header from upstream`.',
  remedy: 'Write `proxy_buffer_size 16k;` beside the `proxy_buffers`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffer_size',
    'https://nginx.org/en/docs/http/ngx_http_fastcgi_module.html#fastcgi_buffer_size',
  ],
  unproven: 'The live tests have no backend with a header of more than 8 KB',
  bad: [
    {
      title: 'for oauth2-proxy',
      files: site(conf`
        «proxy_buffers» 16 16k;
        proxy_busy_buffers_size 32k;
      `),
    },
    {
      title: 'in the location of Keycloak',
      files: site('', '/realms/', '«proxy_buffers» 8 32k;'),
    },
    {
      title: 'with the message that it was meant for, and PHP-FPM',
      files: {
        'site.conf': conf`
          server {
              listen 80;
              root /srv/www;
              # upstream sent too big header
              «fastcgi_buffers» 16 16k;
              location ~ \.php$ {
                  fastcgi_pass 127.0.0.1:9000;
              }
          }
        `,
      },
    },
  ],
  good: [
    {
      title: 'with the buffer of the header, here or above',
      files: {
        ...site('proxy_buffers 16 16k;\nproxy_buffer_size 16k;'),
        'other.conf': conf`
          proxy_buffer_size 16k;
          server {
              listen 81;
              location /oauth2/ {
                  proxy_buffers 16 16k;
                  proxy_pass http://127.0.0.1:4180;
              }
          }
        `,
      },
    },
    {
      title: 'with the buffer of the header in the location',
      files: site('proxy_buffers 16 16k;', '/oauth2/', 'proxy_buffer_size 16k;'),
    },
    { title: 'for large bodies', files: site('# big reports\nproxy_buffers 16 64k;', '/reports/') },
    { title: 'more of the usual size', files: site('proxy_buffers 32 4k;') },
    { title: 'a file that may set it', files: site('include buffers.conf;\nproxy_buffers 16 16k;') },
  ],
  *check({ connections }) {
    const told = new Set<NginxDirective>()
    for (const { from, pass, block } of connections.nginx) {
      const kind = KINDS.get(pass.name)
      if (kind === undefined || !from.configuration.occurrences.has(`${kind}_buffers`)) continue
      const line = raisedFor(from.configuration, block, kind)
      if (line === null || told.has(line)) continue
      const isLogin = LOGIN.test(block.args.at(-1)?.value ?? '')
      if (!isLogin && !isMeantForHeader(line)) continue
      told.add(line)
      yield {
        at: namePlace(line),
        message: `\`${kind}_buffers\` holds the body alone: the header is read into \`${kind}_buffer_size\`, which stays 4k, or 8k, and a larger one is answered with 502: upstream sent too big header`,
        label: `without ${kind}_buffer_size`,
        related: [{ at: namePlace(block), message: 'proxied here' }],
      }
    }
  },
})

const KINDS: ReadonlyMap<string, string> = new Map([
  ['proxy_pass', 'proxy'],
  ['fastcgi_pass', 'fastcgi'],
  ['uwsgi_pass', 'uwsgi'],
  ['scgi_pass', 'scgi'],
])

/** Paths of what logs people in, and sends cookies with their tokens. */
const LOGIN =
  /^\/(?:oauth2?|auth|sso|login|signin|saml2?|oidc|keycloak|realms|authelia|authentik|outpost\.goauthentik\.io)(?:[/_.-]|$)/i

/** The line by which larger buffers than the usual ones hold in a block; null where that of the header may be set too. */
function raisedFor(
  configuration: NginxConfiguration,
  block: NginxDirective,
  kind: string,
): NginxDirective | null {
  const header = effectiveAtHand(configuration, block, `${kind}_buffer_size`)
  const buffers = effectiveAtHand(configuration, block, `${kind}_buffers`)
  if (!header.known || header.value.directives.length > 0 || !buffers.known) return null
  const line = buffers.value.directives.at(-1)
  const size = parseSize(line?.args[1]?.value ?? '')
  return line !== undefined && size !== null && size > 8192 ? line : null
}

/** True where a comment right above the line speaks of the header of an answer. */
function isMeantForHeader(line: NginxDirective): boolean {
  const { source, start } = namePlace(line)
  const lines = linesBefore(source)
  const at = lines.findLastIndex(({ begin }) => begin <= start)
  return lines
    .slice(Math.max(0, at - 3), at + 1)
    .some(({ text }) =>
      /#.*(?:\b(?:too big|large|big|long)\b.*\bheaders?\b|\bheader.*\btoo (?:big|large)|\btokens?\b|\bcookies?\b)/i.test(
        text,
      ),
    )
}

const linesBefore = memo(({ text }: Source) => {
  let begin = 0
  return text.split('\n').map(line => {
    const found = { begin, text: line }
    begin += line.length + 1
    return found
  })
})

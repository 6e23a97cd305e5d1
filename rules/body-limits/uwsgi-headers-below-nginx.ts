import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const NGINX = nginxMain(
  nginxServer(conf`
    location / {
        include uwsgi_params;
        uwsgi_pass unix:/run/shop.sock;
    }
  `),
)
const tree = (lines: string, header = '[uwsgi]'): Record<string, string> => ({
  'etc/nginx/nginx.conf': NGINX,
  'etc/uwsgi/apps-enabled/shop.ini': conf`
    ${header}
    socket = /run/shop.sock
    module = shop.wsgi
    ${lines}
  `,
})

/** nginx takes four buffers of 8 KiB, one of which a single header may fill. */
const NGINX_TAKES = 8 * 1024
const DEFAULT = 4096

export default defineRule({
  summary: 'uWSGI drops requests whose headers nginx takes',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'uWSGI reads all parameters of a request into one buffer of `buffer-size`, 4 KiB by itself, and closes the connection where they do not fit: nginx answers 502, `invalid request block size` stands in the log of uWSGI. A few cookies or a long query string are enough; nginx takes lines of 8 KiB.',
  remedy: 'Set `buffer-size = 32768`',
  references: [
    'https://uwsgi-docs.readthedocs.io/en/latest/ThingsToKnow.html',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#large_client_header_buffers',
  ],
  bad: [
    { title: 'the default', files: tree('', '«[uwsgi]»') },
    { title: 'less than nginx takes', files: tree('buffer-size = «5000»') },
  ],
  good: [
    { title: 'as much as the documentation says', files: tree('buffer-size = 32768') },
    { title: 'as much as a line of nginx', files: tree('buffer-size = 8192') },
  ],
  *check({ connections }) {
    for (const { targets, pass } of connections.nginx) {
      if (pass.name !== 'uwsgi_pass') continue
      for (const { to } of targets) {
        if (to.kind !== 'listener' || to.listener.program.kind !== 'app-server') continue
        const { server } = to.listener.program
        const { headerLimit } = server
        if (server.program !== 'uwsgi' || (headerLimit === null && !server.complete)) continue
        if (headerLimit?.known === false || (headerLimit?.value ?? DEFAULT) >= NGINX_TAKES) continue
        yield {
          at: headerLimit?.at ?? server.at,
          message: `uWSGI closes the connection of requests above ${headerLimit?.value ?? DEFAULT} bytes of headers, where nginx takes lines of 8k: 502`,
          label: headerLimit === null ? 'no buffer-size' : 'less than nginx takes',
          related: [{ at: argumentPlace(pass, 0), message: 'nginx connects here' }],
        }
      }
    }
  },
})

import { argumentPlace } from '../../src/deployment/places.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (target: string, path = '/socket.io/'): string =>
  nginxMain(
    nginxServer(conf`
      location ${path} {
          proxy_pass ${target};
      }
    `),
  )

export default defineRule({
  summary: 'nginx takes the path away by which a program knows its own requests',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: 'Socket.IO answers `/socket.io/`, and Next.js `/_next/`: the paths belong to the programs, not to the place where they are installed. A `proxy_pass` that ends in a slash takes them away, and the program answers 404.',
  remedy: 'Leave the path out of `proxy_pass`: `proxy_pass http://127.0.0.1:3000;`',
  references: [
    'https://socket.io/docs/v4/reverse-proxy/',
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass',
  ],
  bad: [
    { title: 'a slash at the end', files: { 'etc/nginx/nginx.conf': nginx('«http://127.0.0.1:9000/»') } },
  ],
  good: [
    { title: 'the path as it came', files: { 'etc/nginx/nginx.conf': nginx('http://127.0.0.1:9000') } },
    {
      title: 'the same path written out',
      files: { 'etc/nginx/nginx.conf': nginx('http://127.0.0.1:9000/socket.io/') },
    },
    {
      title: 'a path that somebody chose',
      files: { 'etc/nginx/nginx.conf': nginx('http://127.0.0.1:9000/', '/chat/') },
    },
  ],
  *check({ connections }) {
    for (const { block, pass } of connections.http) {
      if (block.name !== 'location') continue
      const { modifier, name } = readLocation(block)
      if ((modifier !== '' && modifier !== '^~') || !OWN.test(name)) continue
      const written = pass.args[0]?.value ?? ''
      if (!/^https?:\/\/[^/$]+\/$/.test(written)) continue
      const at = argumentPlace(pass, 0)
      yield {
        at,
        message: `\`${name}\` is taken away, and the program behind answers no other path`,
        ...propose('Pass the path on', 'unsafe', [replacePlace(at, written.slice(0, -1))]),
      }
    }
  },
})

/** Paths that programs bring along. */
const OWN = /^\/(?:socket\.io|engine\.io|_next|_nuxt|_astro|sockjs-node)\/?$/

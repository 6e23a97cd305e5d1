import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string): string =>
  nginxMain(
    nginxServer(conf`
      location / {
          proxy_pass https://shop-backend.azurewebsites.net;
          proxy_ssl_server_name on;
          ${lines}
      }
    `),
  )

export default defineRule({
  summary: 'A platform that finds its applications by name is asked for another name',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: 'Azure, Heroku, Cloud Run, Vercel, Netlify, GitHub Pages, S3 and their like hold thousands of applications behind one address, and tell them apart by `Host`. The name of this site is none that they know: they answer 404.',
  remedy:
    'Send the platform’s own name: `proxy_set_header Host $proxy_host;`, and the site’s in `X-Forwarded-Host`',
  references: ['https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header'],
  unproven: 'The platforms are out on the network.',
  bad: [
    {
      title: 'the host of the request',
      files: { 'etc/nginx/nginx.conf': nginx('proxy_set_header Host «$host»;') },
    },
  ],
  good: [
    {
      title: 'the platform’s own name',
      files: { 'etc/nginx/nginx.conf': nginx('proxy_set_header Host shop-backend.azurewebsites.net;') },
    },
    { title: 'nginx’s default, which is the same', files: { 'etc/nginx/nginx.conf': nginx('') } },
  ],
  *check({ connections }) {
    for (const { server, block, pass, written, headers } of connections.http) {
      const host = /^https?:\/\/([a-z0-9.-]+)/i.exec(written)?.[1]?.toLowerCase() ?? ''
      if (!PLATFORMS.test(host) || headers.open) continue
      const set = headers.written.findLast(({ name }) => name === 'host')
      if (set === undefined || !/^\$(?:host|http_host|server_name)(?::\$server_port)?$/.test(set.value))
        continue
      const known = effective(server.configuration, block, 'proxy_set_header')
      if (!known.known) continue
      yield {
        at: argumentPlace(set.directive, 1),
        message: `\`${host}\` is asked for the name of this site, by which it knows no application`,
        related: [{ at: namePlace(pass), message: 'the platform' }],
      }
    }
  },
})

const PLATFORMS =
  /\.(?:azurewebsites\.net|herokuapp\.com|run\.app|vercel\.app|netlify\.app|github\.io|gitlab\.io|pages\.dev|workers\.dev|web\.app|firebaseapp\.com|onrender\.com|fly\.dev|cloudfront\.net|execute-api\.[a-z0-9-]+\.amazonaws\.com|s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com|s3-website[.-][a-z0-9-]+\.amazonaws\.com|blob\.core\.windows\.net|storage\.googleapis\.com)$/

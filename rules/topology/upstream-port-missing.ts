import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { placeText } from '../../parsers/text/source.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (address: string, pass = 'fastcgi_pass php;'): string =>
  nginxMain([
    conf`
      upstream php {
          server ${address};
      }
    `,
    nginxServer(conf`
      root /srv/www;
      location ~ \.php$ {
          fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
          fastcgi_param REQUEST_METHOD $request_method;
          ${pass}
      }
    `),
  ])

const POOL = conf`
  [www]
  user = www-data
  listen = 127.0.0.1:9000
  pm = static
  pm.max_children = 2
`

export default defineRule({
  summary: 'A server of an upstream has no port, and gets the one of HTTP',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'In an `upstream` an address without a port means port 80, whatever pass leads to it. Nobody speaks FastCGI, uwsgi or SCGI there: 502 Bad Gateway.',
  remedy: 'Write the port: `server 192.0.2.7:9000;`',
  references: ['https://nginx.org/en/docs/http/ngx_http_upstream_module.html#server'],
  bad: [
    {
      title: 'FastCGI',
      files: {
        'etc/nginx/nginx.conf': nginx('«127.0.0.1»'),
        'etc/php/8.2/fpm/pool.d/www.conf': POOL,
      },
    },
  ],
  good: [
    {
      title: 'with the port',
      files: {
        'etc/nginx/nginx.conf': nginx('127.0.0.1:9000'),
        'etc/php/8.2/fpm/pool.d/www.conf': POOL,
      },
    },
    { title: 'HTTP', files: { 'etc/nginx/nginx.conf': nginx('192.0.2.7', 'proxy_pass http://php;') } },
    {
      title: 'port 80 in so many words, and a socket',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          192.0.2.7:80;
          server unix:/run/php.sock
        `),
      },
    },
  ],
  *check({ connections }) {
    for (const { pass, upstream, targets } of connections.nginx) {
      if (upstream === null || !OTHERS.has(pass.name)) continue
      for (const { port, at } of targets) {
        if (port !== 80 || /:80$/.test(placeText(at).replace(/["']/g, ''))) continue
        yield {
          at,
          message: `without a port this is port 80, where nobody speaks ${OTHERS.get(pass.name)}`,
          label: 'port 80',
          related: [{ at: argumentPlace(pass, 0), message: 'leads here' }],
        }
      }
    }
  },
})

const OTHERS: ReadonlyMap<string, string> = new Map([
  ['fastcgi_pass', 'FastCGI'],
  ['uwsgi_pass', 'uwsgi'],
  ['scgi_pass', 'SCGI'],
])

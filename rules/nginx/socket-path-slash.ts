import { placeText } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { passingToSocket } from './_socket-path-examples.ts'

export default defineRule({
  summary: 'The path of a Unix socket goes on behind the socket',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'All up to the next `:` is the path of the socket, also a slash: nginx looks for something below `app.sock`, as if that were a directory, and answers 502: `connect() to unix:/run/app.sock/ failed (20: Not a directory)`. What is to replace the path of the request stands behind a `:`.',
  remedy: 'Write `proxy_pass http://unix:/run/app.sock:/;`, or leave the slash out',
  references: ['https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass'],
  bad: [
    { title: 'a slash', files: passingToSocket('proxy_pass «http://unix:/run/app.sock/»;') },
    { title: 'a path', files: passingToSocket('proxy_pass «http://unix:/run/app.sock/api/»;') },
    { title: 'another protocol', files: passingToSocket('fastcgi_pass «unix:/run/php/php-fpm.sock/»;') },
    {
      title: 'in an upstream',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          conf`
            upstream app {
                server «unix:/run/app/app.sock/» fail_timeout=0;
            }
            ${nginxServer('location / {\n    proxy_pass http://app;\n    proxy_set_header Host $host;\n}')}
          `,
        ),
      },
    },
  ],
  good: [
    {
      title: 'a colon before the path',
      files: passingToSocket('proxy_pass http://unix:/run/app.sock:/api/;'),
    },
    {
      title: 'a directory of such a name',
      files: passingToSocket('proxy_pass http://unix:/run/app.sock.d/main;'),
    },
  ],
  *check({ connections }) {
    for (const { targets, upstream } of connections.nginx) {
      for (const { address, at, to } of targets) {
        if (address.kind !== 'unix' || to.kind === 'refused') continue
        const { path } = address
        const end = /\.sock(?=\/)|(?=\/$)/.exec(path)
        if (end === null || end.index === 0) continue
        const socket = path.slice(0, end.index + end[0].length)
        const written = placeText(at)
        const isUrl = upstream === null && written.includes('://')
        yield {
          at,
          message: `the socket that nginx looks for is \`${path}\`, which lies below the file \`${socket}\`: Not a directory`,
          label: 'all of it is the path of the socket',
          ...propose(isUrl ? 'Write a `:` before the path' : 'Leave the slash out', 'unsafe', [
            written.includes(path)
              ? replacePlace(
                  at,
                  written.replace(path, isUrl ? `${socket}:${path.slice(socket.length)}` : socket),
                )
              : null,
          ]),
        }
      }
    }
  },
})

import { conf } from '../../src/engine/conf.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

/** A server that hands requests on, and an application at `unix:/run/app.sock`. */
export const passingToSocket = (pass: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    conf`
      ${nginxServer(`location / {\n    ${pass}\n}`)}
      server {
          listen unix:/run/app.sock;
          return 200 application;
      }
    `,
  ),
})

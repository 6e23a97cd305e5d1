import { conf } from '../../src/engine/conf.ts'
import { apacheBackend } from '../_examples.ts'

/** Apache behind nginx, for `example.org`, with mod_headers. */
export const headersOfApache = (lines: string): string => apacheBackend(lines, ['headers'])

/** A program before which `auth_request` asks a location that allows an origin, with credentials. */
export const originAllowedByCheck = (origin: string, lines = ''): string => conf`
  server {
      listen 80;
      server_name api.example.org;
      location / {
          auth_request /check;
          proxy_pass http://127.0.0.1:9000;
          ${lines}
      }
      location = /check {
          internal;
          proxy_pass http://127.0.0.1:9001;
          add_header Access-Control-Allow-Origin ${origin} always;
          add_header Access-Control-Allow-Credentials true always;
      }
  }
`

import { conf } from '../../src/engine/conf.ts'
import { nginxMain } from '../_examples.ts'

/** An nginx that tells the Apache behind it on loopback who the client is. */
export const NGINX_BEFORE_APACHE = nginxMain(conf`
  server {
      listen 80;
      server_name example.org;
      location / {
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header Host $host;
          proxy_set_header X-Forwarded-For $remote_addr;
      }
  }
`)

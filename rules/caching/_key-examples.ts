import { conf } from '../../src/engine/conf.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'

export const main = (key: string, names = 'example.org'): string => conf`
  proxy_cache_path /var/lib/nginx/cache keys_zone=site:1m;
  server {
      listen 80;
      server_name ${names};
      location / {
          proxy_cache site;
          proxy_cache_valid 200 5m;
          proxy_cache_key ${key};
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header Host $host;
      }
  }
`
export const fastcgi = (lines: string): string =>
  nginxMain(conf`
    fastcgi_cache_path /var/lib/nginx/cache keys_zone=site:1m;
    server {
        listen 80;
        server_name example.org;
        location / {
            include fastcgi_params;
            fastcgi_pass unix:/run/php/site.sock;
            fastcgi_param SCRIPT_FILENAME /srv/www/index.php;
            ${lines}
            fastcgi_cache_valid 200 5m;
        }
    }
  `)
/** A site whose pages come to its script. */
export const scripts = (key: string, fallback = '/index.php?$args'): string =>
  nginxMain(conf`
    fastcgi_cache_path /var/lib/nginx/cache keys_zone=site:1m;
    server {
        listen 80;
        server_name example.org;
        root /srv/www;
        index index.php;
        location / {
            try_files $uri $uri/ ${fallback};
        }
        location ~ \.php$ {
            include fastcgi_params;
            fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
            fastcgi_pass unix:/run/php/site.sock;
            fastcgi_cache site;
            fastcgi_cache_valid 200 5m;
            fastcgi_cache_key ${key};
        }
    }
  `)

const proxied = (name: string, target: string, lines = ''): string =>
  nginxServer(conf`
    location / {
        proxy_pass ${target};
        proxy_set_header Host $host;
        ${lines}
    }
  `).replace('example.org', name)
/** A cache in front of two sites. */
export const twoSites = (cache: string, names = ['bread.example.org', 'cars.example.org']): string =>
  nginxMain([
    conf`
      proxy_cache_path /var/lib/nginx/cache keys_zone=site:1m;
      proxy_cache_valid 200 5m;
      ${cache}
    `,
    ...names.map(name => proxied(name, 'http://127.0.0.1:8080')),
  ])
const vhost = (name: string, root = `/srv/${name}`): string => conf`
  <VirtualHost 127.0.0.1:8080>
      ServerName ${name}
      DocumentRoot ${root}
      <Directory /srv>
          Require all granted
      </Directory>
  </VirtualHost>
`
export const behind = (root?: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    ['Listen 127.0.0.1:8080', vhost('bread.example.org', root), vhost('cars.example.org', root)],
    ['dir'],
  ),
  'srv/bread.example.org/index.html': 'bread\n',
  'srv/cars.example.org/index.html': 'cars\n',
})

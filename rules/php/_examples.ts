import { conf } from '../../src/engine/conf.ts'

/** nginx with PHP-FPM behind a socket; `lines` stand in the location of scripts, `outer` in the server. */
export const phpSite = (lines = '', outer = '', target = 'unix:/run/php/php8.2-fpm.sock'): string => conf`
  events {
  }
  http {
      server {
          listen 80;
          server_name example.org;
          root /srv/www;
          ${outer}
          location ~ \.php$ {
              include fastcgi_params;
              fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
              fastcgi_pass ${target};
              ${lines}
          }
      }
  }
`

export const phpPool = (lines = ''): string => conf`
  [www]
  user = www-data
  group = www-data
  listen = /run/php/php8.2-fpm.sock
  listen.owner = www-data
  listen.group = www-data
  pm = static
  pm.max_children = 5
  ${lines}
`

/** A site of nginx in a container that serves the public directory of an application, whose scripts `app` runs. */
export const publicSite = conf`
  server {
      listen 80;
      root /var/www/html/public;
      location ~ \.php$ {
          include fastcgi_params;
          fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
          fastcgi_pass app:9000;
      }
  }
`

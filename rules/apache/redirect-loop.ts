import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheHost, Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { type AskedHost, askHost, originOf } from '../../src/deployment/requests/ask-host.ts'
import { hostsHolding } from '../../src/deployment/requests/hosts-holding.ts'
import type { FollowedRequest } from '../../src/deployment/requests/answer.ts'
import { urlOf } from '../../src/deployment/requests/follow-redirects.ts'
import {
  MISSING,
  PATHS,
  requestsToHost,
  UNKNOWN_HOST,
} from '../../src/deployment/requests/made-up-requests.ts'
import { REDIRECTING } from '../../src/deployment/requests/leads-on.ts'
import { probeRedirects } from '../../src/deployment/requests/probe.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { isSameUrl } from '../../src/deployment/requests/same-url.ts'
import { lastLine } from '../../src/deployment/requests/last-line.ts'
import { namePlace as nginxNamePlace } from '../../src/deployment/places.ts'
import { argumentPlace, namePlace } from '../../src/servers/apache/queries/places.ts'
import { placedRule } from '../../src/servers/apache/queries/rewriting.ts'
import type { ReceivedHeaders } from '../../src/servers/received-headers.ts'
import { fromBytes } from '../../src/servers/regex.ts'
import type { Place } from '../../parsers/text/source.ts'
import { apacheMain, nginxMain } from '../_examples.ts'
import { rewritingDirectory } from '../_rewriting-examples.ts'
import { schemesAgainstEachOther } from './_schemes-against-each-other.ts'
import { SAID_OF_TLS, tlsBefore } from './_tls-before.ts'
import { slashLoop, loopsWithin, namesAgainstThemselves, MOST_PATHS, byPlace } from './_loops-within-host.ts'

const KEYS = conf`
  ssl_certificate /etc/ssl/example.org.pem;
  ssl_certificate_key /etc/ssl/example.org.key;
`
const nginx = (lines: string): string =>
  nginxMain(conf`
    server {
        listen 443 ssl;
        server_name example.org;
        ${KEYS}
        location / {
            proxy_pass http://127.0.0.1:8080;
            proxy_set_header Host $host;
            ${lines}
        }
    }
  `)
const TOLD = nginx('proxy_set_header X-Forwarded-Proto $scheme;')
const apache = (lines: string): string =>
  apacheMain(
    conf`
      Listen 127.0.0.1:8080
      <VirtualHost 127.0.0.1:8080>
          ServerName example.org
          DocumentRoot /srv/www
          ${lines}
      </VirtualHost>
    `,
    ['rewrite', 'alias', 'setenvif'],
  )

const slashless = (condition: string, page = 'blog/index.html'): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /srv/www
          RewriteEngine On
          ${condition}
          RewriteRule ^(.+)/$ «$1» [R=301,L]
      </VirtualHost>
    `,
    ['rewrite', 'dir'],
  ),
  'srv/www/index.html': 'start page',
  [`srv/www/${page}`]: 'blog',
})

/** A `.htaccess` below the document root of a site over plain HTTP and over TLS. */
const overTlsToo = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      Listen 443
      <Directory /var/www>
          AllowOverride All
          Require all granted
      </Directory>
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /var/www/site
      </VirtualHost>
      <VirtualHost *:443>
          ServerName example.org
          DocumentRoot /var/www/site
          SSLEngine on
      </VirtualHost>
    `,
    ['rewrite', 'ssl'],
  ),
  'var/www/site/.htaccess': lines,
})

/** A redirect to TLS under a condition. */
const TO_HTTPS = (condition: string): string => conf`
  RewriteEngine On
  ${condition}
  RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]
`
const BALANCER = conf`
  option_settings:
    aws:elbv2:listener:443:
      ListenerEnabled: 'true'
      Protocol: HTTPS
    aws:elasticbeanstalk:environment:process:default:
      Protocol: HTTP
      Port: '80'
`

export default defineRule({
  summary: 'Apache redirects a URL to itself',
  severity: 'error',
  otherSeverities: {
    warning: 'where it is a file that another site embeds',
    info: 'where a header decides that a proxy in front may send, and for a directory that has no page of its own or is not there yet',
  },
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'The browser follows it some twenty times and gives up: “too many redirects”. Behind a proxy that terminates TLS, `%{HTTPS}` is always off and `Redirect` does not know the scheme: what is to lead to `https://` leads back to itself.',
  remedy:
    'Leave the target out of what is redirected; behind a proxy, ask for the scheme that the client used, `RewriteCond %{HTTP:X-Forwarded-Proto} =http`, or redirect in the proxy alone',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewritecond'],
  bad: [
    {
      title: 'behind the balancer of Elastic Beanstalk',
      files: {
        'public/.htaccess': TO_HTTPS('«RewriteCond» %{HTTPS} off'),
        '.ebextensions/01-alb.config': BALANCER,
      },
    },
    {
      title: 'behind the balancer, for the port of TLS, if mod_rewrite is there',
      files: {
        '.htaccess': conf`
          <IfModule mod_rewrite.c>
              RewriteEngine On
              «RewriteCond» %{SERVER_PORT} !^443$
              RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]
          </IfModule>
        `,
        '.ebextensions/01-alb.config': BALANCER,
      },
    },
    {
      title: 'in a container behind Traefik',
      files: {
        'compose.yaml': conf`
          services:
            web:
              build: .
              labels:
                traefik.http.routers.web.rule: Host(\`www.example.org\`)
                traefik.http.routers.web.tls: "true"
        `,
        Dockerfile: conf`
          FROM php:8.3-apache
          RUN a2enmod rewrite
          COPY public /var/www/html
        `,
        'public/.htaccess': TO_HTTPS('«RewriteCond» %{HTTPS} !=on'),
      },
    },
    {
      title: 'a `.htaccess` in the image of PHP, behind the container that terminates TLS',
      files: {
        'compose.yaml': conf`
          services:
            front:
              image: nginx:1.27
              ports: ["80:80", "443:443"]
              volumes: ["./site.conf:/etc/nginx/conf.d/default.conf"]
            shop:
              build: .
        `,
        Dockerfile: conf`
          FROM php:8.3-apache
          RUN a2enmod rewrite
          COPY src /var/www/html
        `,
        'src/.htaccess': conf`
          RewriteEngine On
          «RewriteCond» %{HTTPS} off
          RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]
        `,
        'src/index.php': '<?php',
        'site.conf': conf`
          server {
              listen 80;
              listen 443 ssl;
              server_name example.org;
              ssl_certificate /certs/a.pem;
              ssl_certificate_key /certs/a.key;
              location / {
                  proxy_pass http://shop;
                  proxy_set_header Host $host;
              }
          }
        `,
      },
    },
    {
      title: 'TLS is terminated in nginx',
      files: {
        'etc/nginx/nginx.conf': TOLD,
        'etc/apache2/apache2.conf': apache(conf`
          RewriteEngine On
          «RewriteCond» %{HTTPS} off
          RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [L,R=301]
        `),
      },
    },
    {
      title: 'Redirect, in a virtual host behind nginx',
      files: {
        'etc/nginx/nginx.conf': TOLD,
        'etc/apache2/apache2.conf': apache('«Redirect» permanent / https://example.org/'),
      },
    },
    {
      title: 'in a .htaccess that two virtual hosts read, for the one with TLS',
      files: overTlsToo(conf`
        RewriteEngine On
        «RewriteCond» %{SERVER_PORT} !=80
        RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]
      `),
    },
    {
      title: 'the header of a proxy that may stand in front of the one with TLS',
      files: overTlsToo(conf`
        RewriteEngine On
        RewriteCond %{HTTP:X-Forwarded-Proto} !https
        «RewriteRule» ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]
      `),
    },
    {
      title: 'two virtual hosts that send to each other',
      files: {
        'etc/apache2/apache2.conf': apacheMain(
          conf`
            Listen 80
            <VirtualHost *:80>
                ServerName example.org
                Redirect permanent / «http://www.example.org/»
            </VirtualHost>
            <VirtualHost *:80>
                ServerName www.example.org
                Redirect permanent / http://example.org/
            </VirtualHost>
          `,
          ['alias'],
        ),
      },
    },
    {
      title: 'a path that begins with itself',
      files: {
        'etc/apache2/apache2.conf': apacheMain(
          conf`
            Listen 80
            <VirtualHost *:80>
                ServerName example.org
                DocumentRoot /srv/www
                Redirect /shop «/shop/de»
            </VirtualHost>
          `,
          ['alias'],
        ),
      },
    },
    {
      title: 'to the virtual host itself',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              «Redirect» / http://example.org/
          </VirtualHost>
        `,
      },
    },
    {
      title: 'to the alias of the virtual host itself',
      files: {
        'etc/apache2/apache2.conf': apacheMain(
          conf`
            Listen 80
            <VirtualHost *:80>
                ServerName example.org
                ServerAlias www.example.org
                DocumentRoot /srv/www
                Redirect permanent / «http://www.example.org/»
            </VirtualHost>
          `,
          ['alias'],
        ),
      },
    },
    {
      title: 'one virtual host for both ports',
      files: {
        'site.conf': conf`
          <VirtualHost *:80 *:443>
              ServerName example.org
              SSLEngine On
              SSLCertificateFile /etc/ssl/example.org.pem
              «Redirect» permanent / https://example.org/
          </VirtualHost>
        `,
      },
    },
    {
      title: 'the page of the maintenance leads to itself',
      files: {
        ...rewritingDirectory(conf`
          RewriteCond %{REMOTE_ADDR} !^203\.0\.113\.7$
          RewriteRule .* «/maintenance.html» [R=302,L]
        `),
        'srv/www/maintenance.html': 'back at noon',
      },
    },
    {
      title: 'a suffix that is taken away and added',
      files: {
        ...rewritingDirectory(conf`
          RewriteRule ^(.*)\.html$ «/$1» [R=301,L]
          RewriteCond %{REQUEST_FILENAME}.html -f
          RewriteRule ^(.*)$ $1.html [L]
        `),
        'srv/www/about.html': 'about',
      },
    },
    {
      title: 'a .htaccess without the server that reads it',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          RewriteRule ^(.*)\.html$ «/$1» [R=301,L]
          RewriteCond %{REQUEST_FILENAME}.html -f
          RewriteRule ^(.*)$ $1.html [L]
        `,
        'about.html': 'about',
      },
    },
    {
      title: 'a suffix that is taken away and added to what is no directory',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          RewriteRule ^(.+)\.php$ «/$1» [R=301,L]
          RewriteCond %{REQUEST_FILENAME} !-d
          RewriteCond %{DOCUMENT_ROOT}/$1.php -f
          RewriteRule ^(.+)$ $1.php [L]
        `,
        'about.php': '<?php',
      },
    },
    {
      title: 'a suffix that is taken away and added, of pages that nobody brought',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          RewriteRule ^([^.]+)\.php$ «/$1» [R=302,NC,L]
          RewriteCond %{REQUEST_FILENAME} !-d
          RewriteCond %{REQUEST_FILENAME}\.php -f
          RewriteRule ^(.*)$ $1.php [NC,L]
        `,
      },
    },
    {
      title: 'a pattern that matches where it leads, in a .htaccess alone',
      files: { '.htaccess': 'RedirectMatch 301 ^/shop «/shop/»\n' },
    },
    {
      title: 'the picture for files that other sites embed',
      files: {
        ...rewritingDirectory(conf`
          RewriteCond %{HTTP_REFERER} !^$
          RewriteCond %{HTTP_REFERER} !^https?://(www\.)?example\.org/ [NC]
          RewriteRule \.(gif|jpe?g|png)$ «/img/nothing.png» [R,L]
        `),
        'srv/www/img/nothing.png': 'picture',
      },
    },
    {
      title: 'the picture for files that other sites embed, of the site itself, in a .htaccess alone',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          RewriteCond %{HTTP_REFERER} !^https?://(www\.)?example\.org/ [NC]
          RewriteRule \.(gif|jpe?g|png)$ «https://www.example.org/img/nothing.png» [NC,R,L]
        `,
        'img/nothing.png': 'picture',
      },
    },
    {
      title: 'www. against the name without it, in a .htaccess alone',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          RewriteCond %{HTTP_HOST} «!^example\.org$» [NC]
          RewriteRule ^(.*)$ https://www.example.org/$1 [R=301,L]
        `,
      },
    },
    {
      title: 'a pattern that matches what it makes',
      files: {
        'etc/apache2/apache2.conf': apacheMain(
          conf`
            Listen 80
            ServerName example.org
            DocumentRoot /srv/www
            RedirectMatch 301 ^/blog(.*)$ «/blog/archive$1»
          `,
          ['alias'],
        ),
      },
    },
    {
      title: 'a name that is sent to itself, in a .htaccess alone',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          RewriteCond %{HTTP_HOST} «^example\.org» [NC]
          RewriteRule ^(.*)$ https://example.org/$1 [R=301,L]
        `,
      },
    },
    {
      title: 'one www more for a name that has it',
      files: {
        'etc/apache2/apache2.conf': apacheMain(
          conf`
            Listen 80
            <VirtualHost *:80>
                ServerName example.org
                ServerAlias www.example.org
                DocumentRoot /srv/www
                RewriteEngine On
                RewriteRule ^ «https://www.%{HTTP_HOST}%{REQUEST_URI}» [R=301,L]
            </VirtualHost>
          `,
          ['rewrite'],
        ),
      },
    },
    {
      title: 'one www more over plain HTTP alone, in a .htaccess alone',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          RewriteCond %{HTTPS} off
          RewriteRule ^ «https://www.%{HTTP_HOST}%{REQUEST_URI}» [R=301,L]
        `,
        'index.html': 'start page',
      },
    },
    {
      title: 'an index that is redirected to its directory',
      files: {
        'etc/apache2/apache2.conf': apacheMain(
          conf`
            Listen 80
            <VirtualHost *:80>
                ServerName example.org
                DocumentRoot /srv/www
                Redirect 301 /index.html «/»
            </VirtualHost>
          `,
          ['alias', 'dir'],
        ),
        'srv/www/index.html': 'start page',
      },
    },
    {
      title: 'a slash that mod_dir puts back',
      files: slashless(''),
    },
    {
      title: 'a slash that mod_dir puts back, of a directory that has no page',
      files: slashless('', 'css/index.css'),
    },
    {
      title: 'a slash that mod_dir puts back, from .htaccess',
      files: {
        'etc/apache2/apache2.conf': apacheMain(
          conf`
            Listen 80
            <VirtualHost *:80>
                ServerName example.org
                DocumentRoot /srv/www
                <Directory /srv/www>
                    AllowOverride All
                    Options FollowSymLinks
                </Directory>
            </VirtualHost>
          `,
          ['rewrite', 'dir'],
        ),
        'srv/www/.htaccess': conf`
          RewriteEngine On
          RewriteRule ^(.+)/$ «/$1» [R=301,L]
        `,
        'srv/www/blog/index.html': 'blog',
      },
    },
    {
      title: 'in a .htaccess alone: the slash of directories, of which there is none yet',
      files: {
        'public/.htaccess': conf`
          RewriteEngine On
          RewriteRule ^(.*)/$ «/$1» [L,R=301]
          RewriteCond %{REQUEST_FILENAME} !-d
          RewriteCond %{REQUEST_FILENAME} !-f
          RewriteRule ^ index.php [L]
        `,
        'public/index.php': '<?php',
      },
    },
    {
      title: 'in a .htaccess alone: some pages to HTTPS, and all of HTTPS back',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          RewriteCond %{HTTPS} =off
          RewriteCond %{REQUEST_URI} /(download)
          RewriteRule ^(.*)$ https://www.example.org/$1 [R,L]
          RewriteCond %{HTTPS} =on
          RewriteRule ^(.*)$ «http://www.example.org/$1» [R,L]
        `,
      },
    },
    {
      title: 'in a .htaccess alone: one directory to HTTPS by the name of the request, and all of HTTPS back',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          RewriteCond %{HTTPS} off
          RewriteRule ^shop/ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]
          RewriteCond %{HTTPS} on
          RewriteRule .* «http://%{HTTP_HOST}%{REQUEST_URI}» [R=301,L]
        `,
      },
    },
  ],
  good: [
    {
      title: 'behind a balancer whose header is asked for',
      files: {
        'public/.htaccess': TO_HTTPS('RewriteCond %{HTTP:X-Forwarded-Proto} =http'),
        '.ebextensions/01-alb.config': BALANCER,
      },
    },
    {
      title: 'behind a balancer that speaks TLS to the machine',
      files: {
        'public/.htaccess': TO_HTTPS('RewriteCond %{HTTPS} off'),
        '.ebextensions/01-alb.config': BALANCER.replace('Protocol: HTTP\n', 'Protocol: HTTPS\n'),
      },
    },
    {
      title: 'the condition asks what the proxy says',
      files: {
        'etc/nginx/nginx.conf': TOLD,
        'etc/apache2/apache2.conf': apache(conf`
          RewriteEngine On
          RewriteCond %{HTTP:X-Forwarded-Proto} =http
          RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [L,R=301]
        `),
      },
    },
    {
      title: 'a variable that is set by what the proxy says',
      files: {
        'etc/nginx/nginx.conf': TOLD,
        'etc/apache2/apache2.conf': apache(conf`
          SetEnvIf X-Forwarded-Proto "^https$" HTTPS=on
          RewriteEngine On
          RewriteCond %{ENV:HTTPS} !on
          RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [L,R=301]
        `),
      },
    },
    {
      title: 'another name, and from plain HTTP',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              Redirect / https://example.org/
          </VirtualHost>
          <VirtualHost *:443>
              ServerName example.org
              SSLEngine On
              SSLCertificateFile /etc/ssl/example.org.pem
              Redirect / https://www.example.org/
          </VirtualHost>
        `,
      },
    },
    {
      title: 'www in front of names without it: on a condition, and of a virtual host that has no other',
      files: {
        'etc/apache2/apache2.conf': apacheMain(
          conf`
            Listen 80
            <VirtualHost *:80>
                ServerName example.org
                ServerAlias www.example.org
                DocumentRoot /srv/www
                RewriteEngine On
                RewriteCond %{HTTP_HOST} !^www\. [NC]
                RewriteRule ^ https://www.%{HTTP_HOST}%{REQUEST_URI} [R=301,L]
            </VirtualHost>
            <VirtualHost *:80>
                ServerName example.net
                RewriteEngine On
                RewriteRule ^ https://www.%{HTTP_HOST}%{REQUEST_URI} [R=301,L]
            </VirtualHost>
          `,
          ['rewrite'],
        ),
      },
    },
    {
      title: 'www in front of every name, in a .htaccess that may be for the others alone',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          RewriteRule ^ https://www.%{HTTP_HOST}%{REQUEST_URI} [R=301,L]
        `,
      },
    },
    {
      title: 'the page of the maintenance is left out',
      files: {
        ...rewritingDirectory(conf`
          RewriteCond %{REMOTE_ADDR} !^203\.0\.113\.7$
          RewriteCond %{REQUEST_URI} !^/maintenance\.html$
          RewriteRule .* /maintenance.html [R=302,L]
        `),
        'srv/www/maintenance.html': 'back at noon',
      },
    },
    {
      title:
        'pictures for files that other sites embed: left out, of another kind, of another site, and sent by itself',
      files: {
        ...rewritingDirectory(conf`
          RewriteCond %{HTTP_REFERER} !^https?://(www\.)?example\.org/ [NC]
          RewriteCond %{REQUEST_URI} !^/img/nothing\.png$
          RewriteRule \.png$ /img/nothing.png [R,L]
          RewriteCond %{HTTP_REFERER} !^https?://(www\.)?example\.org/ [NC]
          RewriteRule \.jpg$ /img/nothing.gif [R,L]
          RewriteCond %{HTTP_REFERER} !^https?://(www\.)?example\.org/ [NC]
          RewriteRule \.webp$ https://pictures.example.net/nothing.webp [R,L]
          RewriteCond %{HTTP_REFERER} !^https?://(www\.)?example\.org/ [NC]
          RewriteRule \.bmp$ /img/nothing.bmp [L]
        `),
        'srv/www/img/nothing.png': 'picture',
      },
    },
    {
      title: 'a suffix that the client wrote itself',
      files: {
        ...rewritingDirectory(conf`
          RewriteCond %{THE_REQUEST} \s/([^?\s]+)\.html[?\s]
          RewriteRule ^ /%1 [R=301,L]
          RewriteCond %{REQUEST_FILENAME}.html -f
          RewriteRule ^(.*)$ $1.html [L]
        `),
        'srv/www/about.html': 'about',
      },
    },
    {
      title: 'a suffix of pages that nobody brought: what the client wrote, another one, and once',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          RewriteCond %{THE_REQUEST} \s/+(.+)\.php[\s?] [NC]
          RewriteRule ^ /%1 [R=301,L]
          RewriteCond %{ENV:REDIRECT_STATUS} ^$
          RewriteRule ^(.+)\.html$ /$1 [R=301,L]
          RewriteRule ^(.+)\.htm$ /$1.html [R=301,L]
          RewriteCond %{REQUEST_FILENAME} !-d
          RewriteCond %{REQUEST_FILENAME}.php -f
          RewriteRule ^(.+)$ $1.php [L]
          RewriteCond %{REQUEST_FILENAME} !-d
          RewriteCond %{REQUEST_FILENAME}.html -f
          RewriteRule ^(.+)$ $1.html [L]
        `,
      },
    },
    {
      title: 'a suffix that END keeps from the second round',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          RewriteRule ^(.+)\.php$ /$1 [R=301,L]
          RewriteCond %{REQUEST_FILENAME} !-d
          RewriteCond %{REQUEST_FILENAME}.php -f
          RewriteRule ^(.+)$ $1.php [END]
        `,
        'about.php': '<?php',
      },
    },
    {
      title: 'in a .htaccess alone: the slash of what is no directory',
      files: {
        'public/.htaccess': conf`
          RewriteEngine On
          RewriteCond %{REQUEST_FILENAME} !-d
          RewriteRule ^(.*)/$ /$1 [L,R=301]
          RewriteCond %{REQUEST_FILENAME} !-d
          RewriteCond %{REQUEST_FILENAME} !-f
          RewriteRule ^ index.php [L]
        `,
        'public/index.php': '<?php',
      },
    },
    {
      title: 'in a .htaccess alone: HTTPS for some pages, which those for others leave out',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          RewriteCond %{HTTPS} off
          RewriteRule ^download https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]
          RewriteCond %{HTTPS} on
          RewriteCond %{REQUEST_URI} !^/download
          RewriteRule .* http://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]
        `,
      },
    },
    {
      title: 'in a .htaccess alone: another site, the name itself, and a page that nobody knows the place of',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          RewriteCond %{HTTP_HOST} !^www\.example\.org$ [NC]
          RewriteRule ^(.*)$ https://www.example.org/$1 [R=301,L]
          RewriteCond %{HTTP_HOST} !^example\.net$ [NC]
          RewriteRule ^shop/(.*)$ https://example.com/$1 [R=301,L]
          RewriteRule ^page /maintenance.html [R=302,L]
          RedirectMatch 301 ^/news$ /news/
        `,
      },
    },
    {
      title: 'the path alone',
      files: {
        'etc/apache2/apache2.conf': apacheMain(
          conf`
            Listen 80
            <VirtualHost *:80>
                ServerName example.org
                DocumentRoot /srv/www
                RedirectMatch ^/shop/?$ /shop/de
                Redirect /old /older
                Redirect /a /b
            </VirtualHost>
          `,
          ['alias'],
        ),
      },
    },
    {
      title: 'an index that is redirected where the client asked for it',
      files: {
        'etc/apache2/apache2.conf': apacheMain(
          conf`
            Listen 80
            <VirtualHost *:80>
                ServerName example.org
                DocumentRoot /srv/www
                RewriteEngine On
                RewriteCond %{THE_REQUEST} "^[A-Z]+ /index\.html"
                RewriteRule ^/index\.html$ / [R=301,L]
            </VirtualHost>
          `,
          ['rewrite', 'dir'],
        ),
        'srv/www/index.html': 'start page',
      },
    },
    {
      title: 'the slash of directories is left alone',
      files: slashless('RewriteCond %{DOCUMENT_ROOT}%{REQUEST_URI} !-d'),
    },
  ],
  *check(deployment) {
    const redirecting = hostsHolding(deployment, REDIRECTING)
    for (const asked of redirecting) {
      const { scheme, port, shown } = originOf(asked)
      const host = shown.replace(/:\d+$/, '')
      const isNamed = host !== UNKNOWN_HOST
      yield* slashLoop(deployment, asked)
      const loop = isNamed ? loopOf(deployment, asked, scheme, host, port) : null
      if (loop === null) yield* loopsWithin(deployment, asked)
      else {
        const { header, ...places } = loop
        yield {
          ...places,
          message: `\`${scheme}://${shown}/\` is redirected to itself${header === null ? '' : ` where no proxy sends \`${header}\``}`,
          // A proxy of which nothing here tells may stand in front, and send it.
          ...(header !== null && { severity: 'info' }),
        }
      }
      const before = loop === null ? tlsBefore(deployment, asked.configuration) : null
      if (before !== null) {
        const over = loopOf(deployment, asked, 'https', host, 443, SAID_OF_TLS)
        if (over !== null)
          yield {
            at: over.at,
            message: `${before.proxy} terminates TLS, so Apache sees plain HTTP and redirects every URL of https to itself`,
            related: [...over.related, { at: before.at, message: 'TLS ends here', isOutside: true as const }],
          }
      }
      yield* namesAgainstThemselves(deployment, asked)
      yield* schemesAgainstEachOther(deployment, asked)
    }
    const hosts = new Set(redirecting.map(({ host }) => host))
    const told = new Set(redirecting.map(asked => originOf(asked).shown.replace(/:\d+$/, '')))
    for (const host of deployment.apacheHosts)
      if (hosts.has(host.virtualHost)) yield* chainsFrom(deployment, host, told)
    for (const reached of deployment.apacheHosts) {
      const { configuration, virtualHost } = reached
      if (!hosts.has(virtualHost)) continue
      for (const { connection, certain } of deployment.connections.reaching(reached)) {
        if (!certain || !passesWhole(connection)) continue
        const isOnlyHost = deployment.connections.hostsReachedBy(connection).length === 1
        for (const { host, port } of tlsNames(connection, isOnlyHost ? null : reached.names)) {
          const name = port === 443 ? host : `${host}:${port}`
          const headers = headersOver(connection)
          const asked = { configuration, host: virtualHost }
          const loop = loopOf(deployment, asked, 'https', host, port, headers, name)
          if (loop === null) continue
          yield {
            at: loop.at,
            message: `nginx terminates TLS, so Apache sees plain HTTP and redirects \`https://${name}/\` to itself`,
            related: [
              ...loop.related,
              { at: nginxNamePlace(connection.pass), message: 'nginx proxies in plain HTTP' },
            ],
          }
        }
      }
    }
  },
})

/**
 * Redirects of a virtual host that lead round over other URLs, or that grow for ever.
 *
 * @param told the names of which it is told elsewhere that a URL leads to itself
 */
function* chainsFrom(deployment: Deployment, host: ApacheHost, told: ReadonlySet<string>) {
  const own = REDIRECTS.flatMap(name => directivesIn(host.configuration, host.directive, name)).flatMap(
    ({ args }) => args.find(({ value }) => value.startsWith('/'))?.value ?? [],
  )
  for (const target of new Set([PATHS.missingPage, ...own.slice(0, MOST_PATHS)])) {
    const [request] = requestsToHost(deployment, host, target)
    if (request === undefined) return
    const { requests, end } = probeRedirects(deployment, request)
    if (end.kind !== 'loop' && end.kind !== 'limit') continue
    const cycle = end.kind === 'loop' ? requests.slice(end.from) : requests.slice(-1)
    // A URL that leads to itself is told above, but for the `ServerAlias` that the redirect of the name leads to.
    if (end.kind === 'loop' && cycle.every(each => cycle.length < 2 && told.has(each.request.host))) continue
    if (cycle.some(({ end: { kind }, steps }) => kind !== 'redirect' || steps.some(({ known }) => !known)))
      continue
    const places = cycle.flatMap(followed => placeOf(followed) ?? [])
    const [at, ...others] = [...places].sort(byPlace)
    if (at === undefined || places.length < cycle.length) continue
    const urls = [...(end.kind === 'loop' ? [...cycle, ...cycle.slice(0, 1)] : requests.slice(0, 3))]
    yield {
      at,
      cause: `${at.source.path} ${at.start}`,
      message: `this redirect ${end.kind === 'loop' ? 'leads back to itself' : 'never ends'}: ${urls
        .map(each => `\`${urlOf(each.request).replace(MISSING, 'page')}\``)
        .join(' → ')}`,
      related: others
        .filter(other => byPlace(other, at) !== 0)
        .map(other => ({ at: other, message: 'redirects too' })),
    }
  }
}

const REDIRECTS = ['redirect', 'redirectpermanent', 'redirecttemp']
/** The target of the line that redirects. */
function placeOf({ steps, end }: FollowedRequest): Place | null {
  const line = steps.findLast(
    ({ directive }) =>
      directive !== null && 'nameStart' in directive && /^(?:Redirect|RewriteRule)/.test(directive.name),
  )?.directive
  if (line === undefined || line === null || !('nameStart' in line)) return end.at
  return argumentPlace(line, line.name === 'RewriteRule' ? 1 : line.args.length - 1)
}

interface Loop {
  /** The header by which a proxy tells the scheme, where the redirect waits for it. */
  readonly header: string | null
  readonly at: Place
  readonly related: readonly { readonly at: Place; readonly message: string }[]
}

/** The line that redirects the start page and a missing page of a virtual host to themselves. */
function loopOf(
  deployment: Deployment,
  asked: AskedHost,
  scheme: 'http' | 'https',
  host: string,
  port: number,
  headers?: ReceivedHeaders,
  name?: string,
): Loop | null {
  const question = { ...(headers !== undefined && { headers }), ...(name !== undefined && { name }) }
  for (const target of [PATHS.startPage, PATHS.missingPage]) {
    const { end, steps } = askHost(deployment, asked, target, question)
    if (end.kind !== 'response' || end.location === null || end.at === null) return null
    if (!isSameUrl({ scheme, host, port, target, method: 'GET' }, fromBytes(end.location))) return null
    if (target !== PATHS.missingPage) continue
    const rewrite = lastLine(steps, 'rewrite')
    const { configuration } = asked
    const rule =
      rewrite === null || !('nameStart' in rewrite)
        ? undefined
        : placedRule(configuration, deployment.filesOf(configuration), rewrite)
    const condition = rule?.conditions.find(({ input }) =>
      /^%\{(?:HTTPS|REQUEST_SCHEME|SERVER_PORT)\}$/i.test(input),
    )
    const header = rule?.conditions.flatMap(({ input }) => OF_PROXY.exec(input)?.[1] ?? []).at(0) ?? null
    if (condition === undefined || rule === undefined) return { at: end.at, related: [], header }
    return {
      header,
      at: namePlace(condition.directive),
      related: [{ at: namePlace(rule.directive), message: 'redirects' }],
    }
  }
  return null
}

/** A header that browsers do not send, and proxies do. */
const OF_PROXY =
  /^%\{HTTP:(X-Forwarded-[\w-]+|X-(?:Url-)?Scheme|X-Proto|Front-End-Https|CF-Visitor|CloudFront-[\w-]+|Forwarded)\}/i

/** True for a location of everything that sends the path as it came. */
function passesWhole({ block, pass, protocol }: NginxConnection): boolean {
  if (pass.name !== 'proxy_pass' || !protocol.known || protocol.value !== 'http') return false
  const [first] = block.args
  const isWhole = block.name === 'location' && (first?.value === '/' || first?.value === '^~')
  return isWhole && /^http:\/\/[^/$]+$/.test(pass.args[0]?.value ?? '')
}

/**
 * The names by which clients ask for a server over TLS, as far as nginx passes them on to the virtual host.
 *
 * @param names of the virtual host; null for one that answers to every name
 */
function tlsNames(
  { server, hostsSent }: NginxConnection,
  names: readonly string[] | null,
): readonly { readonly host: string; readonly port: number }[] {
  const port = server.listens.find(({ tls, quic, loopback }) => tls && !quic && loopback !== true)?.port
  if (port === undefined || port === null || !hostsSent.known) return []
  const sent = new Set(hostsSent.value)
  return server.names
    .filter(({ exact, name }) => exact && sent.has(name) && names?.includes(name) !== false)
    .map(({ name }) => ({ host: name, port }))
}

/** What nginx sends with a request that came over TLS; what is not known has no value. */
function headersOver({ headers }: NginxConnection): ReceivedHeaders {
  const values = new Map<string, string | null>()
  for (const { name, value, state } of headers.written) {
    if (name === 'host') continue
    if (state === 'cleared') values.set(name, '')
    else if (value === '$scheme') values.set(name, 'https')
    else values.set(name, value.includes('$') ? null : value)
  }
  // A client may send any other, and browsers send none that speaks of the scheme.
  return { values, complete: !headers.open }
}

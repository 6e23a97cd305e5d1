import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nearVariables } from './_near-variables.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      ${lines}
  }
`
const PROXY = conf`
  location / {
      proxy_pass http://127.0.0.1:8000;
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection «$connection_upgrade»;
  }
`
const MAP = "map $http_upgrade $connection_upgrade {\n    default upgrade;\n    '' close;\n}\n"

export default defineRule({
  summary: 'A site uses what no file here defines, and no main file of nginx either',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: 'The main file of such a site is not here. That of no package of nginx defines a zone of `limit_req`, a format of the log but `main`, or a certificate, and that of Alpine alone `$connection_upgrade`, which is a `map` of the documentation and no variable of nginx: without it nginx does not start, `unknown "connection_upgrade" variable`.',
  remedy: 'Write the definition above the `server`, in the same file',
  references: [
    'https://nginx.org/en/docs/http/websocket.html',
    'https://nginx.org/en/docs/http/ngx_http_limit_req_module.html#limit_req_zone',
  ],
  unproven:
    'The main file is not among the files: that nginx refuses such a whole, its conformance cases show',
  bad: [
    {
      title: 'a zone, in a template of which a branch writes the server',
      files: {
        'templates/site.conf.j2': conf`
          {% if site.enabled %}
          server {
              listen 80;
              server_name {{ site.name }};
              location /login {
                  limit_req «zone=login»;
                  proxy_pass http://127.0.0.1:8000;
              }
          }
          {% endif %}
        `,
      },
    },
    {
      title: 'lines of a location, in which a letter is missing',
      files: {
        'deploy/frames.conf': conf`
          set $frame_options DENY;
          add_header X-Frame-Options «$frame_option»;
        `,
      },
    },
    {
      title: 'lines of a location that ask for a header without its name, and for a variable of nginx',
      files: {
        'deploy/proxy.conf': conf`
          location /api/ {
              proxy_pass http://127.0.0.1:9000;
              proxy_set_header Host «$http»;
              proxy_set_header X-Real-IP «$remote_adr»;
          }
        `,
      },
    },
    { title: 'the map of WebSockets', files: { 'deploy/shop.conf': site(PROXY) } },
    {
      title: 'in a directory of sites',
      files: {
        'nginx/sites-available/shop': site(PROXY),
        'nginx/sites-available/other': site('root /srv/other;').replace('example.org', 'example.net'),
      },
    },
    {
      title: 'a zone',
      files: { 'deploy/shop.conf': site('limit_req «zone=login» burst=5;\nroot /srv/www;') },
    },
    {
      title: 'a cache',
      files: {
        'deploy/shop.conf': site(
          'location / {\n    proxy_cache «shop»;\n    proxy_pass http://127.0.0.1:8000;\n}',
        ),
      },
    },
    {
      title: 'a format',
      files: { 'deploy/shop.conf': site('access_log /var/log/nginx/shop.log «timed»;\nroot /srv/www;') },
    },
    {
      title:
        'a certificate, in a tree without its main file, where another server includes a file that is not here',
      files: {
        'deploy/shop.conf': conf`
          «server» {
              listen 443 ssl;
              server_name www.example.org;
              return 301 https://example.org$request_uri;
          }
          server {
              listen 443 ssl;
              server_name example.org;
              ssl_certificate /etc/ssl/shop.pem;
              ssl_certificate_key /etc/ssl/shop.key;
              include /srv/shop/tls.conf;
              root /srv/www;
          }
        `,
      },
    },
    {
      title: 'a certificate',
      files: {
        'deploy/shop.conf': site('root /srv/www;')
          .replace(/server|listen 80;/g, word => (word === 'server' ? '«server»' : 'listen 443 ssl;'))
          .replace('«server»_name', 'server_name'),
      },
    },
  ],
  good: [
    {
      title: 'a zone that a branch of the template defines, and one that a loop does',
      files: {
        'templates/site.conf.j2': conf`
          {% if throttled %}
          limit_req_zone $binary_remote_addr zone=login:10m rate=1r/s;
          {% endif %}
          {% for zone in zones %}
          limit_req_zone $binary_remote_addr zone={{ zone }}:10m rate=1r/s;
          {% endfor %}
          server {
              listen 80;
              location /login {
                  limit_req zone=login;
                  proxy_pass http://127.0.0.1:8000;
              }
              location /search {
                  limit_req zone=search;
                  proxy_pass http://127.0.0.1:8000;
              }
          }
        `,
      },
    },
    {
      title: 'lines of a location that ask for another name, and for one of which others know',
      files: {
        'deploy/frames.conf': conf`
          set $frame_options DENY;
          add_header X-Frame-Options $frame_options;
          add_header X-Mode $frame_opts;
          set $styleSrc self;
          add_header X-Style $styleSrc;
          add_header X-Shop $shop_name;
          set $shop_names 1;
        `,
        'deploy/README': 'Set $shop_name first.\n',
        'deploy/shop.conf': 'set $shop_name a;\n',
      },
    },
    {
      title: 'names of one’s own near those of nginx, which another file sets or which are more of them',
      files: {
        'deploy/proxy.conf': conf`
          location /api/ {
              proxy_pass http://127.0.0.1:9000;
              proxy_set_header X-Scheme $schema;
              proxy_set_header X-Users $remote_users;
              proxy_set_header X-Via $http;
          }
        `,
        'deploy/variables.conf': conf`
          set $schema https;
          set $http one;
        `,
      },
    },
    {
      title: 'a zone and a map that the main file of a placed tree may have, which is not here',
      files: {
        'etc/nginx/sites-available/shop': site(`limit_req zone=login burst=5;\n${PROXY}`),
      },
    },
    {
      title: 'a certificate for all that a text beside it has',
      files: {
        'sites/shop.txt': conf`
          server {
              listen 443 ssl default_server;
              server_name _;
              return 301 https://example.org$request_uri;
          }
        `,
        'tls.txt': 'ssl_certificate /etc/ssl/shop.pem;\nssl_certificate_key /etc/ssl/shop.key;\n',
      },
    },
    {
      title: 'a server whose own include may bring the certificate, and one whose socket may be in it',
      files: {
        'deploy/shop.conf': conf`
          server {
              listen 443 ssl;
              server_name www.example.org;
              include /srv/shop/tls.conf;
              return 301 https://example.org$request_uri;
          }
        `,
        'deploy/other.conf': conf`
          server {
              listen 8443 ssl;
              server_name www.example.org;
              return 301 https://example.org$request_uri;
          }
          server {
              server_name example.org;
              include /srv/shop/listen.conf;
              root /srv/www;
          }
        `,
      },
    },
    { title: 'the map in the same file', files: { 'deploy/shop.conf': MAP + site(PROXY) } },
    {
      title: 'the map in another file',
      files: { 'deploy/shop.conf': site(PROXY), 'deploy/upgrade.conf': MAP },
    },
    {
      title: 'the main file of Alpine, which has the map',
      files: {
        'deploy/shop.conf': site(PROXY),
        'setup.sh': conf`
          apk add --no-cache \
              nginx
          cp deploy/shop.conf /etc/nginx/http.d/
        `,
      },
    },
    { title: 'the directory that it includes', files: { 'http.d/shop.conf': site(PROXY) } },
    {
      title: 'a program that writes it',
      files: {
        'deploy/shop.conf': site(PROXY),
        'deploy/tasks.yml': conf`
          - copy:
              dest: /etc/nginx/conf.d/upgrade.conf
              content: |
                map $http_upgrade $connection_upgrade { default upgrade; '' close; }
        `,
      },
    },
    {
      title: 'what Elastic Beanstalk defines',
      files: {
        '.ebextensions/proxy.config': conf`
          files:
            /etc/nginx/conf.d/proxy.conf:
              mode: "000644"
              content: |
                server {
                    listen 8080;
                    access_log /var/log/nginx/shop.log healthd;
                    location / {
                        proxy_pass http://127.0.0.1:8081;
                        proxy_http_version 1.1;
                        proxy_set_header Upgrade $http_upgrade;
                        proxy_set_header Connection $connection_upgrade;
                    }
                }
        `,
      },
    },
    {
      title: 'a file that is not here',
      files: { 'deploy/shop.conf': site(`include snippets/proxy.conf;\n${PROXY}`) },
    },
    {
      title: 'an image of somebody else',
      files: {
        'compose.yaml': conf`
          services:
            front:
              image: example/nginx
              ports: ["80:80"]
              volumes: ["./shop.conf:/etc/nginx/conf.d/shop.conf"]
        `,
        'shop.conf': site(PROXY),
      },
    },
    {
      title: 'lines for a location',
      files: { 'deploy/proxy.conf': 'proxy_set_header Connection $connection_upgrade;\n' },
    },
    {
      title: 'the format of every main file',
      files: { 'deploy/shop.conf': site('access_log /var/log/nginx/shop.log main;\nroot /srv/www;') },
    },
    {
      title: 'variables of nginx and of modules',
      files: {
        'deploy/shop.conf': site(
          'add_header X-A "$ssl_protocol $geoip_country_code $http_x_a $arg_b $cookie_c";\nroot /srv/www;',
        ),
      },
    },
  ],
  *check({ nginx }) {
    yield* nearVariables(nginx)
    // Of buffers that do not fit, `nginx/syntax` speaks.
    for (const { supposed = [] } of nginx)
      for (const { at, message, help, code } of supposed)
        if (code !== 'buffers-inconsistent')
          yield {
            at,
            message: `${message}, here or in the main file of nginx’s packages: nginx does not start`,
            label: 'defined nowhere',
            help: help ?? HELP[code] ?? 'Write the definition above the `server`',
          }
  },
})

const HELP: Readonly<Record<string, string>> = {
  'certificate-missing': 'Write `ssl_certificate` and `ssl_certificate_key` into the server',
}

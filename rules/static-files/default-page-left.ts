import { posix } from 'node:path'
import { matchedPlace, type Place } from '../../parsers/text/source.ts'
import { parseApache } from '../../parsers/apache/parse.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { askHost, askedHosts } from '../../src/deployment/requests/ask-host.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { conf } from '../../src/engine/conf.ts'
import { laidBesidePages } from './_default-page-of-setups.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'

const DEFAULT_PAGE = '<html><head><title>Welcome to nginx!</title></head></html>\n'
const SHOP = { 'srv/shop/index.php': '<?php echo "shop";\n', 'srv/shop/index.html': DEFAULT_PAGE }
const nginx = (index: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root /srv/shop;
      index ${index};
      location ~ \.php$ {
          include fastcgi_params;
          fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
          fastcgi_pass unix:/run/php/php8.2-fpm.sock;
      }
    `),
  ),
})
const apache = (index: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      ServerName example.org
      DocumentRoot /srv/shop
      DirectoryIndex ${index}
      <Directory /srv/shop>
          Require all granted
      </Directory>
      <FilesMatch "\.php$">
          SetHandler "proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost"
      </FilesMatch>
    `,
    ['dir', 'proxy', 'proxy_fcgi', 'authz_host'],
  ),
})

const SITE = conf`
  <VirtualHost *:80>
      ServerName blog.example.org
      DocumentRoot /var/www/html
  </VirtualHost>
`
const script = (to: string): string => conf`
  #!/bin/bash
  apt-get update
  apt-get install -y apache2 php libapache2-mod-php php-mysql
  cd /tmp
  curl -fsSLO https://wordpress.org/latest.tar.gz
  tar xzf latest.tar.gz
  cp -a wordpress/. ${to}
  cat > /etc/apache2/sites-available/blog.conf <<'EOF'
  ${SITE}
  EOF
  a2ensite blog
`

export default defineRule({
  summary: 'A page of a package, or one that kept a place, hides the start page of the application',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx and Apache take the first start page that is there. Debian’s order has `index.html` in front of `index.php`, and the packages lay an `index.html` into their document root: `/` is “It works!” or “Welcome to nginx!”, whatever application was put beside it.',
  remedy: 'Remove that `index.html`, or name `index.php` first',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_index_module.html',
    'https://httpd.apache.org/docs/2.4/mod/mod_dir.html#directoryindex',
  ],
  bad: [
    { title: 'a script that lays WordPress beside it', files: { 'setup.sh': script('«/var/www/html»/') } },
    {
      title: 'a role that does',
      files: {
        'roles/blog/tasks/main.yml': conf`
          - name: Packages
            ansible.builtin.apt:
              name:
                - apache2
                - libapache2-mod-php
          - name: WordPress
            ansible.builtin.copy:
              src: /tmp/wordpress/
              dest: «/var/www/html»
              remote_src: true
        `,
        'roles/blog/templates/blog.conf.j2': SITE,
      },
    },
    {
      title: 'an image of Ubuntu with Apache, and the pages of the repository',
      files: {
        Dockerfile: conf`
          FROM ubuntu:24.04
          RUN apt-get update && apt-get install -y \\
              apache2 libapache2-mod-php
          COPY src/ «/var/www/html»/
          CMD ["apachectl", "-D", "FOREGROUND"]
        `,
        'src/index.php': '<?php echo "shop";\n',
      },
    },
    {
      title: 'that of nginx',
      files: Object.fromEntries(
        Object.entries({ ...nginx('index.html index.php'), ...SHOP }).map(([path, text]) => [
          path,
          text.replace(/<title>.*<.title>/, '«$&»'),
        ]),
      ),
    },
    {
      title: 'that of Debian’s Apache',
      files: {
        ...apache('index.html index.php'),
        ...SHOP,
        'srv/shop/index.html': '«<title>Apache2 Debian Default Page: It works</title>»\n',
      },
    },
    {
      title: 'a page that kept the place',
      files: {
        ...apache('index.html index.php'),
        ...SHOP,
        'srv/shop/index.html': '<title>Shop</title>\n<p>This site is «under construction».</p>\n',
      },
    },
  ],
  good: [
    {
      title: 'a script that takes the page away',
      files: { 'setup.sh': `${script('/var/www/html/')}rm -f /var/www/html/index.html\n` },
    },
    { title: 'a directory of its own', files: { 'setup.sh': script('/var/www/html/blog/') } },
    {
      title: 'a script that names another page first',
      files: {
        'setup.sh': `${script('/var/www/html/')}echo 'DirectoryIndex index.php' > /etc/apache2/conf-enabled/index.conf\n`,
      },
    },
    { title: 'the script first', files: { ...nginx('index.php index.html'), ...SHOP } },
    { title: 'the script first, in Apache', files: { ...apache('index.php index.html'), ...SHOP } },
    {
      title: 'a page of its own',
      files: {
        ...nginx('index.html index.php'),
        ...SHOP,
        'srv/shop/index.html': '<title>The shop is closed</title>\n',
      },
    },
    {
      title: 'the script first in the file of Debian, beside a site without its main file',
      files: {
        'etc/apache2/mods-enabled/dir.conf': 'DirectoryIndex index.php index.html\n',
        'etc/apache2/sites-enabled/shop.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              DocumentRoot /srv/shop
              <Directory /srv/shop>
                  Require all granted
              </Directory>
          </VirtualHost>
        `,
        ...SHOP,
      },
    },
    {
      title: 'nothing beside it',
      files: { ...nginx('index.html index.php'), 'srv/shop/index.html': DEFAULT_PAGE },
    },
  ],
  *check(deployment) {
    for (const { at, installs } of laidBesidePages(deployment))
      yield {
        at,
        message:
          'the package of Apache leaves its `/var/www/html/index.html`, and `DirectoryIndex` has that before `index.php`: it answers `/` in place of the application',
        label: 'the page of the package is here',
        related: [{ at: installs, message: 'brings the page' }],
        help: 'Add `rm /var/www/html/index.html`',
      }
    for (const server of deployment.servers) {
      const files = deployment.filesOf(server.configuration)
      const end = askServer(deployment, server, '/')?.end
      const hidden = end?.kind === 'file' ? hiddenBy(files, end.path) : null
      if (hidden !== null)
        yield { ...hidden, related: [{ at: namePlace(server.directive), message: 'sends it' }] }
    }
    for (const asked of askedHosts(deployment)) {
      const files = deployment.filesOf(asked.configuration)
      if (asked.configuration.main === null && namesScriptFirst(files)) continue
      const { end } = askHost(deployment, asked, '/')
      const hidden = end.kind === 'file' ? hiddenBy(files, end.path) : null
      if (hidden !== null)
        yield {
          ...hidden,
          related: asked.host === null ? [] : [{ at: namePlace(asked.host.directive), message: 'sends it' }],
        }
    }
  },
})

/** Where Debian has the order of start pages, which a site without its main file does not include. */
const DIR_CONF = '/etc/apache2/mods-enabled/dir.conf'

function namesScriptFirst(files: FileSystem): boolean {
  const source = sourceAt(files, DIR_CONF)
  const lines = source === null ? [] : parseApache(source)
  return lines.some(
    node =>
      node.kind === 'directive' &&
      node.name.value.toLowerCase() === 'directoryindex' &&
      node.words[0]?.value === 'index.php',
  )
}

/** The titles of the pages that packages of nginx and of Apache bring. */
const TITLE =
  /<title>\s*(?:Welcome to nginx!?|Apache2? (?:Debian|Ubuntu) Default Page[^<]*|(?:Apache )?HTTP Server Test Page[^<]*|Test Page for the (?:Nginx|Apache|HTTP)[^<]*)\s*<\/title>|<h1>It works!<\/h1>/i

/** What a page says that keeps a place until the site is there. */
const PLACEHOLDER =
  /under construction|coming soon|launching soon|(?:web ?)?site is (?:being|not yet)\b|(?:new|our) (?:web ?)?site (?:will be|is coming)|this domain (?:is parked|has been registered)|hier entsteht|en construction|en construcci[oó]n|placeholder page/i
/** Characters: more than that is a page of its own. */
const LONGEST_PLACEHOLDER = 3000

function hiddenBy(files: FileSystem, page: string): { readonly at: Place; readonly message: string } | null {
  const script = posix.join(posix.dirname(page), 'index.php')
  const source = /\.html?$/.test(page) && files.kind(script) === 'file' ? sourceAt(files, page) : null
  if (source === null) return null
  const ofPackage = TITLE.exec(source.text)
  const found = ofPackage ?? (source.text.length > LONGEST_PLACEHOLDER ? null : PLACEHOLDER.exec(source.text))
  if (found === null) return null
  return {
    at: matchedPlace(source, found),
    message: `\`${page}\` ${ofPackage === null ? 'keeps a place' : 'is the page of a package'}, and answers \`/\` in place of \`${script}\``,
  }
}

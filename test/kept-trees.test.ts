import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { severityAtLeast } from '../src/engine/severity.ts'
import { isOnByDefault } from '../src/engine/asked-for.ts'
import { loadRules } from '../tools/load-rules.ts'
import { scratchTree } from './files/scratch-tree.ts'
import { auditDirectory } from './rules/audit-directory.ts'

const rules = (await loadRules()).map(({ rule }) => rule).filter(({ id }) => isOnByDefault(id))

/** Warnings and errors of a tree as somebody keeps it: `file rule`. */
async function loud(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const { findings, crashes } = await auditDirectory(scratchTree(files), rules)
  assert.equal(crashes, [])
  return findings
    .filter(({ severity }) => severityAtLeast(severity, 'warning'))
    .map(({ at, rule }) => `${at.file} ${rule}`)
}

const STOCK_OF_HTTPD = {
  'etc/httpd/conf/magic': '# magic\n',
  'etc/httpd/conf.d/README': 'Files.\n',
}

test('modules of a repository are those that somebody changed', async () => {
  const tree = {
    ...STOCK_OF_HTTPD,
    'etc/httpd/conf/httpd.conf':
      'ServerRoot "/etc/httpd"\nInclude conf.modules.d/*.conf\nListen 443\nIncludeOptional conf.d/*.conf\n',
    'etc/httpd/conf.modules.d/00-mpm.conf': 'LoadModule mpm_event_module modules/mod_mpm_event.so\n',
    'etc/httpd/conf.d/ssl.conf': 'SSLCipherSuite HIGH\n<VirtualHost *:443>\nServerName a\n</VirtualHost>\n',
  }
  assert.equal(await loud(tree), [])
})

test('a copy of some pools may leave out the one that the package brings', async () => {
  const tree = {
    'README.md': '# Files of our servers\n',
    'etc/nginx/conf.d/status.conf':
      'server {\n  listen 127.0.0.1:80;\n  location /status {\n    include fastcgi_params;\n    fastcgi_pass unix:/run/php/php8.2-fpm.sock;\n  }\n}\n',
    'etc/php/8.2/fpm/pool.d/shop.conf':
      '[shop]\nuser = www-data\nlisten = /run/php/shop.sock\nlisten.owner = www-data\npm = ondemand\npm.max_children = 5\n',
  }
  assert.equal(
    (await loud(tree)).filter(line => line.endsWith('backend-not-listening')),
    [],
  )
})

test('a script called after `.htaccess` is none', async () => {
  const tree = {
    'apache/.htaccess': 'Options -Indexes\n',
    'apache/htaccess.cgi': '#!/usr/bin/perl\n&ReadParse();\n$access{"global"} || &error("no");\n',
  }
  assert.equal(await loud(tree), [])
})

test('a `.htaccess` that no configuration here serves is told what its lines say by themselves', async () => {
  const tree = {
    'public/.htaccess':
      'Header set Permission-Policy "camera=()"\nHeader set X-Content-Type-Options "no-sniff"\n' +
      'Header set Access-Control-Allow-Origin "https://a.example, https://b.example"\nHeader unset Proxy\n' +
      '<IfModule mod_header.c>\nHeader set X-Frame-Options "DENY"\n</IfModule>\n' +
      'AddType image/webp .webp # pictures\nExpiresByType text/css "access plus 1 year"\n',
  }
  assert.equal(await loud(tree), [
    'public/.htaccess response-headers/header-name-misspelt',
    'public/.htaccess response-headers/value-ignored',
    'public/.htaccess response-headers/cors-value-refused',
    'public/.htaccess forwarded-headers/response-instead-of-request',
    'public/.htaccess apache/ifmodule-unknown-module',
    'public/.htaccess apache/trailing-comment-as-argument',
  ])
})

test('a configuration for Apache 2.2 is not judged as one for 2.4', async () => {
  const tree = {
    'httpd/conf/httpd.conf':
      'ServerRoot "/etc/httpd"\nLoadModule authz_host_module modules/mod_authz_host.so\n' +
      'LoadModule authz_default_module modules/mod_authz_default.so\nListen 80\nLockFile logs/accept.lock\n' +
      '<Directory />\nOrder deny,allow\nDeny from all\nAllowOverride All\n</Directory>\n',
  }
  const { findings, programs } = await auditDirectory(scratchTree(tree), rules)
  assert.equal(
    findings.map(({ rule }) => rule),
    [],
  )
  assert.equal(
    programs.map(({ version, versionFrom, accepted }) => [version, versionFrom, accepted]),
    [['2.2.34', 'directives', true]],
  )
})

test('what a processing module is compiled into loads none', async () => {
  const tree = {
    'conf/httpd.conf':
      'ServerRoot "/usr/local/apache2"\nPidFile logs/pid\nLoadModule alias_module modules/mod_alias.so\nListen 80\n',
  }
  assert.equal(await loud(tree), [])
})

test('extras that are named like the main file are fragments', async () => {
  const tree = {
    'docs/httpd-policy.conf':
      '<IfModule !mod_policy.c>\nLoadModule policy_module modules/mod_policy.so\n</IfModule>\n<Location />\nPolicyType enforce */*\n</Location>\n',
  }
  assert.equal(await loud(tree), [])
})

test('files for several environments are there for one to be read', async () => {
  const server = (port: number): string => `server {\n  listen ${port} default;\n  root /srv;\n}\n`
  const tree = {
    'rootfs/etc/nginx/nginx.conf': 'events {}\nhttp {\n  include /etc/nginx/conf.d/*.conf;\n}\n',
    'rootfs/etc/nginx/conf.d/dev.conf': server(81),
    'rootfs/etc/nginx/conf.d/production.conf': server(81),
  }
  assert.equal(await loud(tree), [])
  const broken = {
    ...tree,
    'rootfs/etc/nginx/conf.d/production.conf': `${server(81)}${server(81)}`,
  }
  assert.ok((await loud(broken)).includes('rootfs/etc/nginx/conf.d/production.conf nginx/syntax'))
})

test('two servers for one port are choices, unless one proxies to the other', async () => {
  const nginx = (body: string): string =>
    `events {}\nhttp {\n  server {\n    listen 80;\n    server_name a;\n    ${body}\n  }\n}\n`
  const apache =
    'ServerRoot /etc/apache2\nListen 80\nListen 8080\n<VirtualHost *:8080>\nServerName a\n</VirtualHost>\n'
  const tree = (body: string) => ({
    'etc/nginx/nginx.conf': nginx(body),
    'etc/apache2/apache2.conf': apache,
  })
  assert.equal(await loud(tree('root /srv/www;')), [])
  assert.ok(
    (await loud(tree('location / { proxy_pass http://127.0.0.1:8080; }'))).some(line =>
      /loopback\/(?:default-listen-left|listen-port-conflict)/.test(line),
    ),
  )
})

test('links of a checkout without links are files', async () => {
  const tree = {
    'httpd/conf/httpd.conf': 'ServerRoot "/etc/httpd"\nListen 80\nErrorLog "logs/error_log"\n',
    'httpd/conf/magic': '# magic\n',
    'httpd/conf/ports.conf': '\n',
    'httpd/conf.modules.d/00-mpm.conf': 'LoadModule mpm_event_module modules/mod_mpm_event.so\n',
    'httpd/modules/x': 'x\n',
    'httpd/logs': '../../var/log/httpd',
  }
  assert.equal(await loud(tree), [])
})

test('permissions of a checkout are not those of the machine', async () => {
  const tree = {
    'nginx/nginx.conf':
      'events {}\nhttp {\n  server {\n    listen 443 ssl;\n    ssl_certificate a.pem;\n    ssl_certificate_key a.key;\n  }\n}\n',
    'nginx/a.key': 'key\n',
    'nginx/a.pem': 'pem\n',
    ...Object.fromEntries(
      ['mime.types', 'fastcgi_params', 'scgi_params', 'uwsgi_params', 'koi-utf'].map(name => [
        `nginx/${name}`,
        '# stock\n',
      ]),
    ),
  }
  assert.equal(await loud(tree), [])
})

test('a .htaccess counts that no configuration here serves', async () => {
  const tree = {
    'app/.htaccess':
      'Options All -Indexes\n<IfModule mod_rewrite.c>\nRewriteEngine On\nRewriteRule ^index /index.php [L]\n</IfModule>\n' +
      'Order allow,deny\nDeny from all\nSomethingOfAModule on\n',
    'app/public/.htaccess': '<Directory /srv>\n</Directory>\n',
    'composer.json': '{}\n',
  }
  const { findings, files, fileList, notices } = await auditDirectory(scratchTree(tree), rules)
  assert.equal(
    findings.map(({ at, rule }) => `${at.file} ${rule}`),
    ['app/public/.htaccess apache/htaccess-directive-not-permitted'],
  )
  assert.is(files, 2)
  assert.equal(notices, [])
  assert.equal(
    fileList.map(file => ('as' in file ? `${file.path} ${file.as}` : file.path)),
    ['app/.htaccess htaccess', 'app/public/.htaccess htaccess'],
  )
})

test('what a .htaccess says by itself is asked of one that no configuration here serves', async () => {
  const tree = {
    'app/.htaccess':
      'RewriteEngine On\nRewriteRule ^feed$ /news/$1 [L]\n<Files "\\.(sql|log)$">\nRequire all denied\n</Files>\n',
    'app/assets/.htaccess':
      'RewriteEngine On\nRewriteCond %{REQUEST_FILENAME} !-f\nRewriteCond %{REQUEST_FILENAME} !-d\nRewriteRule ^ /index.php [L]\n' +
      'Header set X-Frame-Options DENY\nExpiresByType image/png "access plus 1 month"\nAuthUserFile /srv/users\n',
    'app/index.php': '<?php\n',
  }
  const { findings } = await auditDirectory(scratchTree(tree), rules)
  assert.equal(
    findings.map(({ at, rule }) => `${at.file}:${at.line} ${rule}`),
    ['app/.htaccess:2 apache/backreference-without-group', 'app/.htaccess:3 apache/section-pattern-literal'],
  )
})

test('the list of files says of each as what it is read or why not', async () => {
  const { fileList } = await auditDirectory(
    scratchTree({
      'nginx/nginx.conf': 'events {}\nhttp {\n  include /etc/nginx/sites-enabled/*;\n}\n',
      'nginx/sites-enabled/a': 'server {\n  listen 80;\n  root /srv;\n}\n',
      'nginx/sites-available/spare': 'server {\n  listen 81;\n  root /srv;\n}\n',
      'nginx/nginx.conf.bak': 'events {}\n',
      'php/pool.conf': '[www]\nuser = www-data\npm = dynamic\n',
    }),
    rules,
  )
  assert.equal(
    fileList.map(file => `${file.path} ${'as' in file ? file.as : `(${file.skipped})`}`),
    [
      'nginx/nginx.conf nginx-main',
      'nginx/nginx.conf.bak (backup)',
      'nginx/sites-available/spare (not-enabled)',
      'nginx/sites-enabled/a nginx',
      'php/pool.conf other',
    ],
  )
})

test('files below a Dockerfile lie over those of its image', async () => {
  const tree = {
    Dockerfile: 'FROM debian\nCOPY rootfs/ /\nRUN a2enmod proxy_fcgi ssl\n',
    'rootfs/etc/apache2/apache2.conf':
      'IncludeOptional mods-enabled/*.load\nInclude ports.conf\nIncludeOptional sites-enabled/*.conf\n',
    'rootfs/etc/apache2/ports.conf': 'Listen 80\n',
    'rootfs/etc/apache2/envvars': 'export A=b\n',
    'rootfs/etc/apache2/magic': '# magic\n',
    'rootfs/etc/apache2/mods-enabled/authz_core.load':
      'LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so\n',
    'rootfs/etc/apache2/mods-enabled/mpm_event.load':
      'LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so\n',
    'rootfs/etc/apache2/sites-enabled/a.conf':
      '<VirtualHost *:80>\nServerName a\n<FilesMatch "\\.php$">\nSetHandler "proxy:unix:/run/php.sock|fcgi://localhost"\n</FilesMatch>\nSSLProxyEngine on\n</VirtualHost>\n',
  }
  assert.equal(await loud(tree), [])
})

test('patterns of Logstash are no nginx.conf', async () => {
  const tree = {
    'patterns/nginx.conf': 'NGINXACCESS %{IPORHOST:client} %{USER:ident} "%{WORD:verb} %{NOTSPACE:path}"\n',
    'nginx/nginx.conf': 'events {}\nhttp {\n}\n',
  }
  assert.equal(await loud(tree), [])
})

test('lines for one server that are kept in several files are read by several servers', async () => {
  const tree = {
    'nginx/site-opts.d/http.conf': 'listen 8080;\nroot /srv/www;\ninclude /etc/nginx/server-opts.d/*.conf;\n',
    'nginx/site-opts.d/tls.conf':
      'listen 8443 ssl;\nroot /srv/www;\ninclude /etc/nginx/server-opts.d/*.conf;\n',
    'nginx/server-opts.d/performance.conf': 'gzip on;\nlocation = /favicon.ico {\n  access_log off;\n}\n',
  }
  assert.equal(await loud(tree), [])
})

test('a virtual host that is named after its .htaccess is none', async () => {
  const tree = {
    'test/.htaccess.server.conf': 'ServerRoot "/usr/local/apache2"\nListen 80\nPidFile logs/pid\n',
    'www/.htaccess': 'DirectoryIndex index.html\n',
  }
  assert.equal(await loud(tree), [])
})

test('events of devd, and sections in a file that only ends like a `.htaccess`', async () => {
  const tree = {
    'etc/devd/link.conf':
      'notify 101 {\n    match "system" "CARP";\n    match "type" "(MASTER|BACKUP)";\n    action "/usr/local/sbin/failover $subsystem";\n};\n',
    'contrib/monitor.htaccess':
      'ScriptAlias /monitor/cgi-bin/ /usr/lib/monitor/cgi-bin/\n<Directory /usr/lib/monitor/cgi-bin/>\nOptions ExecCGI\nRequire local\n</Directory>\n',
  }
  assert.equal(await loud(tree), [])
  const own = { 'public/.htaccess': '<Directory /srv>\nRequire local\n</Directory>\n' }
  assert.equal(await loud(own), ['public/.htaccess apache/htaccess-directive-not-permitted'])
})

test('what is to be filled in stands between two pairs of `#`, or is a word that names a port', async () => {
  const tree = {
    'deploy/site.conf':
      'server {\n    listen [::]:my_port;\n    listen my_port;\n    location /media {\n        alias ##MEDIA_ROOT##;\n    }\n    location /static/ {\n        alias ##INSTALL_DIR##/static/;\n    }\n}\n',
  }
  assert.equal(await loud(tree), [])
})

test('OpenResty takes its resolvers from the system', async () => {
  const tree = (lua: string): Readonly<Record<string, string>> => ({
    'conf/nginx.conf': `events {\n}\nhttp {\n    ${lua}\n    resolver local=on ipv6=off;\n    server {\n        listen 80;\n        root /srv/www;\n    }\n}\n`,
  })
  assert.equal(await loud(tree('lua_socket_log_errors off;')), [])
  assert.equal(await loud(tree('gzip on;')), ['conf/nginx.conf nginx/syntax'])
})

test('compose files that an editor reads together are one project', async () => {
  const tree = {
    'compose.yaml':
      'services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: ${DB_PASSWORD}\n',
    '.devcontainer/compose.yaml':
      'services:\n  web:\n    image: nginx:1.27\n    volumes:\n      - ../nginx:/etc/nginx/conf.d\n    depends_on:\n      - db\n',
    '.devcontainer/devcontainer.json':
      '// Of the editor.\n{ "dockerComposeFile": ["compose.yaml", "../compose.yaml"], "service": "web" }\n',
    'nginx/site.conf': 'server {\n    listen 80;\n    root /srv/www;\n}\n',
  }
  assert.equal(await loud(tree), [])
  const alone = { ...tree, '.devcontainer/devcontainer.json': '{ "dockerComposeFile": "compose.yaml" }\n' }
  assert.equal(await loud(alone), ['.devcontainer/compose.yaml containers/undefined-reference'])
})

test('directories above the one that is audited say nothing of what lies in it', async () => {
  const directory = scratchTree({
    'dev/examples/shop/docker-compose.yml':
      'services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: shop\n    ports: ["5432:5432"]\n',
  })
  const { findings } = await auditDirectory(join(directory, 'dev/examples/shop'), rules)
  assert.equal(
    findings.map(({ rule }) => rule),
    ['containers/database-public'],
  )
})

const MEDIA = 'server {\n    listen 80;\n    location /media {\n        alias /srv/media/;\n    }\n}\n'
const TRAVERSAL = 'static-files/alias-traversal'

test('a directory of a repository is not the machine’s because it is called `root`', async () => {
  const tree = { 'root/defaults/site-confs/default': MEDIA, 'srv/web/site.conf': MEDIA }
  assert.equal(await loud(tree), [
    `root/defaults/site-confs/default ${TRAVERSAL}`,
    `srv/web/site.conf ${TRAVERSAL}`,
  ])
  const others = {
    'templates/named_zones.conf.j2': 'include "/etc/named.root.key";\ninclude "/etc/named.views.conf";\n',
    'roles/example.proftpd/templates/host.conf':
      '<VirtualHost 192.0.2.1>\nServerName ftp extra\n</VirtualHost>\n',
    'nginx/site.conf': 'server {\n    listen 80;\n    root /srv/www;\n}\n',
  }
  assert.equal(await loud(others), [])
})

test('files in here-documents of scripts without an ending, of Terraform and of a Vagrantfile', async () => {
  const here = `cat > /etc/nginx/conf.d/site.conf <<'EOF'\n${MEDIA}EOF\n`
  const tree = {
    'bin/install': `#!/usr/bin/env bash\n${here}`,
    'bin/notes': here,
    'infra/web.tf': `resource "aws_instance" "web" {\n  user_data = <<-EOT\n#!/bin/sh\n${here}EOT\n}\n`,
    'infra/site.nomad': `template {\n  data = <<EOT\n${MEDIA.replace('80', '${NOMAD_PORT_http}')}EOT\n}\n`,
    Vagrantfile: `config.vm.provision "shell", inline: <<~SHELL\n${here}SHELL\n`,
    'k8s/map.yaml.erb': `data:\n  site.conf: |\n${MEDIA.replace(/^/gm, '    ')}\n`,
  }
  assert.equal(
    await loud(tree),
    ['Vagrantfile', 'bin/install', 'infra/site.nomad', 'infra/web.tf', 'k8s/map.yaml.erb'].map(
      path => `${path} ${TRAVERSAL}`,
    ),
  )
})

test('files in cloud-init, Elastic Beanstalk, Salt, Nix and lines that a Dockerfile echoes', async () => {
  const block = MEDIA.replace(/^/gm, '      ')
  const echoes = MEDIA.trimEnd().replace(/^.*$/gm, line => `    echo '${line}'; \\`)
  const tree = {
    'user-data': `#cloud-config\nwrite_files:\n  - path: /etc/nginx/conf.d/a.conf\n    content: |\n${block}\n`,
    '.ebextensions/a.config': `files:\n  "/etc/nginx/conf.d/a.conf":\n    content: |\n${block}\n`,
    'salt/web.sls': `/etc/nginx/conf.d/a.conf:\n  file.managed:\n    - contents: |\n${block.replace(/^/gm, '  ')}\n`,
    'hosts/web.nix': `services.nginx.appendHttpConfig = ''\n${MEDIA}'';\n`,
    Dockerfile: `FROM nginx:1.27\nRUN { \\\n${echoes}\n  } > /etc/nginx/conf.d/default.conf\n`,
  }
  assert.equal(
    await loud(tree),
    ['.ebextensions/a.config', 'Dockerfile', 'hosts/web.nix', 'salt/web.sls', 'user-data'].map(
      path => `${path} ${TRAVERSAL}`,
    ),
  )
})

test('files in quoted scalars of YAML and JSON, with their own lines', async () => {
  const quoted = JSON.stringify(MEDIA)
  const broken =
    'Listen 80\nServerName a\n# <Directory\n<Directory /srv>\n  Require all granted\n  Optionss x\n</Directory>\n'
  const tree = {
    'k8s/map.yaml': `apiVersion: v1\nkind: ConfigMap\ndata:\n  site.conf: ${quoted}\n`,
    'k8s/httpd.yaml': `apiVersion: v1\nkind: ConfigMap\ndata:\n  httpd.conf: ${JSON.stringify(broken)}\n`,
    'k8s/list.json': `{"apiVersion": "v1", "kind": "ConfigMap", "data": {"site.conf": ${quoted}}}\n`,
    'k8s/help.json': `{"apiVersion": "v1", "data": {"help": ${quoted}}}\n`,
    'messages.json': `{"site.conf": ${quoted}}\n`,
    'user-data': `#cloud-config\nwrite_files:\n  - path: /etc/nginx/conf.d/a.conf\n    content: ${quoted}\n`,
    'roles/site/tasks/main.yml': `- copy:\n    content: '${MEDIA.replaceAll('\n', '\n\n    ')}'\n    dest: '/etc/nginx/{{ name }}.conf'\n`,
    'roles/folded/tasks/main.yml': `- copy:\n    content: >\n${MEDIA.replace(/^/gm, '      ')}\n    dest: /etc/nginx/a.conf\n`,
  }
  const { findings } = await auditDirectory(scratchTree(tree), rules)
  const told = findings.filter(({ severity }) => severityAtLeast(severity, 'warning'))
  assert.equal(
    told.map(({ at, rule }) => `${at.file} ${at.source.text.slice(at.start, at.end)} ${rule}`),
    [
      'k8s/httpd.yaml Optionss apache/syntax',
      ...[
        'k8s/list.json',
        'k8s/map.yaml',
        'roles/folded/tasks/main.yml',
        'roles/site/tasks/main.yml',
        'user-data',
      ].map(path => `${path} /media ${TRAVERSAL}`),
    ],
  )
  // A line put between quotes would be no line.
  assert.equal(
    told.filter(({ fix }) => fix !== null).map(({ at }) => at.file),
    [],
  )
})

test('a few lines of Apache are read where their key or path says that they are its', async () => {
  const lines = 'RewriteEngine On\nRewriteRule ^/a(.*) /b$1 [R=301,Q]\n'
  const tree = {
    'k8s/map.yaml': `apiVersion: v1\nkind: ConfigMap\ndata:\n  000-default.conf: |\n${lines.replace(/^/gm, '    ')}\n`,
    'user-data': `write_files:\n  - path: /etc/apache2/sites-available/x.conf\n    content: ${JSON.stringify(lines)}\n`,
    'other.yaml': `note: |\n${lines.replace(/^/gm, '    ')}\n`,
  }
  assert.equal(await loud(tree), ['k8s/map.yaml apache/syntax', 'user-data apache/syntax'])
})

test('what options of NixOS put into the files of a server, and manifests of Puppet that are not read', async () => {
  const tree = {
    'hosts/web.nix':
      '{ ... }: {\n  services.nginx.virtualHosts."a.example" = {\n    extraConfig = "location /img { alias /data/img/; }";\n' +
      "    locations.\"/\".extraConfig = ''\n      proxy_buffering off;\n    '';\n  };\n" +
      "  services.httpd.extraConfig = ''\n    Require all grantedd\n  '';\n}\n",
    'manifests/api.pp':
      'nginx::snippet { "a":\n  content => "location /api {\\n  proxy_pass http://a;\\n}",\n}\n',
    'manifests/site.pp':
      'apache::vhost { "b":\n  custom_fragment => @(END)\n    RewriteRule ^/a$ /b [R]\n    | END\n}\n',
    'manifests/other.pp': 'server { "a":\n  listen => 80,\n  server_name => "b;",\n}\n',
  }
  const { findings, fileList } = await auditDirectory(scratchTree(tree), rules)
  assert.equal(
    findings
      .filter(({ severity }) => severityAtLeast(severity, 'warning'))
      .map(({ at, rule }) => `${at.file}:${at.line} ${rule}`),
    [`hosts/web.nix:3 ${TRAVERSAL}`, 'hosts/web.nix:9 apache/syntax'],
  )
  assert.equal(
    fileList.flatMap(file => ('skipped' in file ? [`${file.path} ${file.skipped}`] : [])),
    ['manifests/api.pp inside-program', 'manifests/site.pp inside-program'],
  )
})

test('a template with a line that nginx refuses whatever is filled in is not said to be accepted', async () => {
  const main = (line: string): string =>
    `events {}\nhttp {\n  server {\n    listen 80;\n    server_name {{ name }};\n    ${line}\n  }\n}\n`
  const verdictOf = async (line: string) => {
    const { programs } = await auditDirectory(scratchTree({ 'nginx/nginx.conf.j2': main(line) }), rules)
    return programs.map(({ accepted, refusedInTemplate }) => [accepted, refusedInTemplate])
  }
  assert.equal(await verdictOf('rooot /srv;'), [[true, true]])
  assert.equal(await verdictOf('root {{ home }};'), [[true, false]])
})

test('text files and templates of M4 and PHP are read where their name and nearly all lines are a server’s', async () => {
  const tree = {
    'docs/nginx-sample.txt': MEDIA,
    'docs/nginx.txt': `How to set up nginx: put this into a file.\n\n${MEDIA}\nThen restart it, and look at the log.\n`,
    'docs/notes.txt': MEDIA,
    'm4/nginx.conf.m4': `define(\`PORT', \`80')dnl\n${MEDIA.replace('80', 'PORT')}`,
    'tpl/vhost.phtml': `<?php /** @var string $name */ ?>\n${MEDIA.replace('80', '<?= $port ?>')}`,
    'LICENSES/Apache-2.0.txt': 'Licensed under the Apache License, Version 2.0;\nSee the License.\n',
  }
  assert.equal(await loud(tree), [
    `docs/nginx-sample.txt ${TRAVERSAL}`,
    `m4/nginx.conf.m4 ${TRAVERSAL}`,
    `tpl/vhost.phtml ${TRAVERSAL}`,
  ])
})

test('a `.htaccess` that is a link to a file of another name is one', async () => {
  const root = scratchTree({
    'conf/rules': 'RewriteEngine On\nRewriteRule ^/old$ /new [R=301,L]\n',
    'web/a': '',
  })
  symlinkSync('../conf/rules', join(root, 'web/.htaccess'))
  const { findings } = await auditDirectory(root, rules)
  assert.equal(
    findings.map(({ at, rule }) => `${at.file} ${rule}`),
    ['conf/rules apache/rewriterule-leading-slash-perdir'],
  )
})

test('a string of a script that is a server’s file', async () => {
  const text = MEDIA.replace('80', '${2:-80}').replace('/srv/media/', '\\"/srv/media/\\"')
  const tree = {
    'add-site.sh': `#!/bin/sh\nblock="${text}"\necho "$block" > "/etc/nginx/sites-available/$1"\n`,
    'add-host.sh': `#!/bin/sh\necho '\n<VirtualHost *:80>\nServerName example.org extra\nDocumentRoot /srv/www\n</VirtualHost>' > site.conf\n`,
    'help.sh': `#!/bin/sh\necho "server {\nlisten 80;"\n`,
  }
  assert.equal(await loud(tree), ['add-host.sh apache/syntax', `add-site.sh ${TRAVERSAL}`])
})

test('what stands beside templates is judged once, however their conditions come out', async () => {
  const tree = {
    'roles/front/templates/front.conf.j2':
      'server {\n  {% if tls %}\n  listen 443 ssl;\n  {% else %}\n  listen 80;\n  {% endif %}\n' +
      '  server_name {{ name }};\n  {% if moved %}\n  return 301 https://{{ name }}$uri;\n  {% endif %}\n}\n',
    'roles/old/files/old.conf': 'server {\n  listen 80;\n  return 301 https://a.example$uri;\n}\n',
    'roles/wrong/files/wrong.conf': 'server {\n  listen 80;\n  root /srv/a /srv/b;\n}\n',
  }
  const { findings } = await auditDirectory(scratchTree(tree), rules)
  assert.equal(
    findings
      .filter(({ severity }) => severityAtLeast(severity, 'warning'))
      .map(({ at, rule, severity }) => `${at.file}:${at.line} ${severity} ${rule}`),
    [
      'roles/front/templates/front.conf.j2:9 error canonical-url/redirect-uri-injection',
      'roles/old/files/old.conf:3 error canonical-url/redirect-uri-injection',
      'roles/wrong/files/wrong.conf:3 error nginx/syntax',
    ],
  )
})

test('what a script writes into a `.htaccess` is one', async () => {
  const tree = {
    'install.sh':
      '#!/bin/sh\ncat > /srv/shop/.htaccess <<"END"\nRewriteEngine On\n' +
      'RewriteRule ^index\\.php$ - [L]\nRewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule . /index.php [L]\nEND\n' +
      'tee /srv/old/.htaccess >/dev/null <<"END"\nDirectoryIndex index.php\nRewriteEngine On\nRewriteRule ^/old$ /new [R=301,L]\nEND\n',
  }
  assert.equal(await loud(tree), ['install.sh apache/rewriterule-leading-slash-perdir'])
})

test('pieces of which e-smith makes a file are none', async () => {
  const tree = {
    'root/etc/e-smith/templates/etc/httpd/conf.d/site.conf/20begin': '<Location "/site">\n  <RequireAll>\n',
    'root/etc/e-smith/templates/etc/httpd/conf.d/site.conf/30access':
      '{\n  $OUT .= "Require all granted";\n}\n',
    'root/etc/httpd/conf.d/status.conf': '<Location /status>\nSetHandler server-status\n</Location>\n',
  }
  assert.equal(await loud(tree), [])
})

test('values of Ansible in a text of a task are filled in, within quotes too', async () => {
  const tree = {
    'roles/site/tasks/main.yml':
      '- name: site\n  copy:\n    dest: /etc/httpd/conf.d/site.conf\n    content: |\n' +
      '      Alias "/site" "{{ site_home }}/public"\n      <Directory "{{ site_home }}/public">\n' +
      '        Require all granted\n      </Directory>\n',
  }
  assert.equal(await loud(tree), [])
})

test('words in braces of a template whose name says so are filled in, within patterns too', async () => {
  const tree = {
    'lib/tpl/htaccess_rewrite.tpl':
      'RewriteEngine On\nRewriteBase {BASE}\nRewriteRule ^{PAGE_PATTERN} {FILE}?page=/{PAGES}/$1.html [L]\n',
  }
  assert.equal(await loud(tree), [])
})

test('what one chapter starts is not what another one proxies to', async () => {
  const tree = {
    'Chapter02/site.conf':
      'server {\n  listen 80;\n  location / {\n    proxy_pass http://127.0.0.1:8000;\n  }\n}\n',
    'Chapter05/app.uwsgi.ini': '[uwsgi]\nsocket = 127.0.0.1:8000\nmodule = app\n',
  }
  assert.equal(await loud(tree), [])
})

test('a chapter that is audited alone starts what it proxies to', async () => {
  const tree = {
    'Chapter05/site.conf':
      'server {\n  listen 80;\n  location / {\n    proxy_pass http://127.0.0.1:8000;\n  }\n}\n',
    'Chapter05/app.uwsgi.ini': '[uwsgi]\nsocket = 127.0.0.1:8000\nmodule = app\n',
  }
  const { findings } = await auditDirectory(join(scratchTree(tree), 'Chapter05'), rules)
  assert.ok(findings.some(({ rule }) => rule === 'topology/protocol-mismatch'))
})

test('programs that write a configuration are named, of many those whose name tells what they do', async () => {
  const site = 'server {\n    listen 80;\n    server_name %s;\n}\n'
  const tree = {
    'nginx/site.conf': 'server {\n  listen 80;\n  root /srv/www;\n}\n',
    'nginx/make_site.py': `SITE = """\n${site}"""\n`,
    'nginx/tests/test_site.py': `SITE = """\n${site}"""\n`,
    'nginx/reload.py': 'SERVER = "nginx"\n',
    'manifests/vhost.pp':
      'file { "/a":\n  content => "<VirtualHost *:80>\n ServerName a\n</VirtualHost>"\n}\n',
    'lib/write.go':
      'const site = `\nserver {\n  {{if .Tls}}\n  listen 443 ssl;\n  {{end}}\n}\n`\nconst other = `{{if .A}}`\n',
    'lib/proxy.rb': 'TEXT = "<Location /api>\n  Require all granted\n</Location>\n"\n',
    'app/models.py': `SITE = """\n${site}"""\n`,
  }
  const writersIn = ({ fileList }: Awaited<ReturnType<typeof auditDirectory>>): readonly string[] =>
    fileList.flatMap(file => ('skipped' in file && file.skipped === 'inside-program' ? [file.path] : []))
  assert.equal(writersIn(await auditDirectory(scratchTree(tree), rules)), [
    'app/models.py',
    'lib/proxy.rb',
    'lib/write.go',
    'manifests/vhost.pp',
    'nginx/make_site.py',
  ])
  const others = Array.from({ length: 300 }, (_, index) => [`app/part_${index}.py`, 'x = 1\n'] as const)
  const among = await auditDirectory(scratchTree({ ...Object.fromEntries(others), ...tree }), rules)
  const { notices } = among
  assert.equal(writersIn(among), ['manifests/vhost.pp', 'nginx/make_site.py'])
  assert.equal(
    notices.flatMap(({ path, text }) => (/a program that writes lines/.test(text) ? [path] : [])),
    ['manifests/vhost.pp', 'nginx/make_site.py'],
  )
})

test('two default sites of one directory are alternatives, where it is no machine’s', async () => {
  const tree = {
    'build/nginx.conf': 'events {\n}\nhttp {\n    include /etc/nginx/sites-enabled/*;\n}\n',
    'build/sites-enabled/default':
      'server {\n    listen 80 default_server;\n    listen [::]:80 default_server ipv6only=on;\n    server_name localhost;\n}\n',
    'build/sites-enabled/default-video':
      'server {\n    listen 80 default_server;\n    listen [::]:80 default_server ipv6only=on;\n    server_name localhost;\n    root /srv/video;\n}\n',
  }
  assert.equal(await loud(tree), [])
  const twice = { ...tree, 'build/sites-enabled/video': tree['build/sites-enabled/default-video'] }
  const { 'build/sites-enabled/default-video': _, ...others } = twice
  assert.ok((await loud(others)).includes('build/sites-enabled/video nginx/syntax'))
})

test('lines of Helm may stand at the margin of a text in YAML', async () => {
  const tree = {
    'templates/site.yaml':
      '{{- if .Values.web }}\ndata:\n  site.conf: |\n    server {\n        listen 80;\n{{- with .Values.name }}\n        server_name {{ . }};\n{{- end }}\n' +
      '        location /media {\n            alias /srv/media/;\n        }\n    }\n{{- if .Values.twin }}\n    server {\n        listen 81;\n    }\n{{- else }}\n    server {\n        listen 82;\n    }\n{{- end }}\n{{- end }}\n',
  }
  assert.equal(await loud(tree), [`templates/site.yaml ${TRAVERSAL}`])
})

test('compose files whose names begin with a dot are laid over the others', async () => {
  const tree = {
    'docker-compose.yml':
      'services:\n  web:\n    image: nginx:1.27\n    volumes:\n      - ./site.conf:/etc/nginx/conf.d/default.conf\n' +
      '    environment:\n      DATABASE_URL: postgres://app@store/app\n' +
      '  jobs:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: ${JOBS}\n',
    '.docker-compose.store.yml':
      'services:\n  store:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: ${STORE}\n',
    'site.conf': 'server {\n    listen 80;\n    root /srv/www;\n}\n',
  }
  assert.equal(await loud(tree), [])
  const { '.docker-compose.store.yml': _, ...alone } = tree
  assert.equal(await loud(alone), ['docker-compose.yml containers/database-refused'])
})

test('a configuration that a script puts together from its top and its bottom is whole in neither', async () => {
  const tree = {
    'proxy/nginx.conf.top': 'events {\n}\nhttp {\n  server {\n    listen 80;\n  }\n',
    'proxy/nginx.conf.bottom': '}\n',
    'proxy/make.sh': 'cat nginx.conf.top sites/*.conf nginx.conf.bottom > nginx.conf\n',
  }
  assert.equal(await loud(tree), [])
})

test('a location behind an expression that begins with what another template says', async () => {
  const tree = {
    'chart/templates/nginx.yaml':
      'apiVersion: v1\nkind: ConfigMap\ndata:\n  nginx.conf: |\n    events {}\n    http {\n      server {\n' +
      '        listen 80;\n        location ~ ^{{ template "site.slash" .Values.path }}files/([^/]+)$ {\n' +
      '          proxy_pass http://127.0.0.1:8080;\n        }\n        location /help/ {\n' +
      '          proxy_pass http://127.0.0.1:8081;\n        }\n      }\n    }\n',
  }
  assert.equal(await loud(tree), [])
})

test('a variable of a module that brings no directive', async () => {
  const tree = {
    'nginx.conf':
      'events {}\nstream {\n  server {\n    listen 127.0.0.1:8443;\n    return "$stream_ssl_ja3\\n";\n  }\n}\n',
  }
  assert.equal(await loud(tree), [])
})

test('a page of errors for a server without mod_rewrite, as frameworks bring it', async () => {
  const lines = 'ErrorDocument 404 index.php\n'
  assert.equal(await loud({ 'public/.htaccess': `<IfModule !mod_rewrite.c>\n${lines}</IfModule>\n` }), [])
  assert.equal(await loud({ 'public/.htaccess': lines }), [
    'public/.htaccess apache/errordocument-ineffective',
  ])
})

test('files of tools, of editors and what is put aside are no configuration', async () => {
  const broken = 'location / {\n  try_files $uri 404;\n}\nserver_name a b;\n'
  const tree = {
    'README.md': '# Files of our servers\n',
    'nginx/shop.conf': 'server {\n  listen 80;\n  root /srv/shop;\n}\n',
    Capfile: "# Load the stages\nrequire 'capistrano/setup'\nrequire 'capistrano/deploy'\n",
    'snippets/apache.snippets':
      'snippet vhost\n\t<VirtualHost *:80>\n\t\tServerName ${5:www.example.com}\n\t</VirtualHost>\n',
    'vendor/ace/kitchen-sink/docs/htaccess': 'RewriteEngine on\nRewriteRule ^/$ /homepage.html [L]\n',
    'nginx/old.conf.unused': broken,
    'test/data/nginx.conf': broken,
    'builder/testdata/nginx.conf': broken,
  }
  assert.equal(await loud(tree), [])
})

test('files of nginx are read whatever they serve, and in the manifests that a program fills in', async () => {
  const broken = 'server {\n  listen 80;\n  location / {\n    root /srv;\n    try_files $uri 404;\n  }\n}\n'
  const manifest = `apiVersion: v1\nkind: ConfigMap\ndata:\n  shop.conf: |\n${broken.replace(/^/gm, '    ').trimEnd()}\n`
  const tree = {
    'README.md': '# Files of our servers\n',
    'salt/config/etc-nginx-sites-enabled-vsftpd.conf': broken,
    'kubernetes/deployment-production.tmpl': manifest,
  }
  assert.equal(await loud(tree), [
    'kubernetes/deployment-production.tmpl nginx/try-files-without-slash',
    'salt/config/etc-nginx-sites-enabled-vsftpd.conf nginx/try-files-without-slash',
  ])
})

test('numbers that a start script writes in the place of words in capitals', async () => {
  const tree = {
    'README.md': '# Files of our servers\n',
    'nginx/shop.conf':
      'upstream shop {\n  server BACKEND_HOST:BACKEND_PORT;\n}\nserver {\n  listen 80;\n  location / {\n' +
      '    proxy_read_timeout APP_TIMEOUT_SECONDSs;\n    client_max_body_size MAX_UPLOAD_SIZEm;\n    proxy_pass http://shop;\n  }\n}\n',
    'nginx/start.sh': '#!/bin/sh\nsed -i "s/APP_TIMEOUT_SECONDS/$TIMEOUT/" /etc/nginx/conf.d/shop.conf\n',
  }
  assert.equal(await loud(tree), [])
})

test('two parts between comments, of which a start script takes one out', async () => {
  const part = (state: string, lines: string) =>
    `  ###STORAGE_${state}_START\n  location /media/ {\n    ${lines}\n  }\n  ###STORAGE_${state}_END\n`
  const site = (...parts: readonly string[]) => ({
    'nginx/shop.conf': `server {\n  listen 80;\n  server_name example.org;\n${parts.join('')}}\n`,
  })
  const enabled = part('ENABLED', 'proxy_pass http://192.0.2.7/media/;')
  assert.equal(await loud(site(enabled, part('DISABLED', 'root /srv;'))), [])
  assert.equal(await loud(site(enabled, enabled)), ['nginx/shop.conf nginx/syntax'])
})

test('words between two number signs, and defaults of a shell, that a program fills in', async () => {
  const tree = {
    'README.md': '# Files of our servers\n',
    'conf/nginx.conf':
      'location ^~ #LOCATION# {\n  alias #DESTDIR#/;\n  error_page 403 #PATH#/core/403.php;\n' +
      '  location = #PATH#/robots.txt {\n    allow all; #NOTE# of ours\n  }\n  location ~ ^#PATH#/(?:build|tests)/ {\n    deny all;\n  }\n}\n',
    'helpers/auth.conf': 'auth_basic "${BASIC_AUTH:-off}";\nauth_basic_user_file "/etc/nginx/.htpasswd";\n',
  }
  assert.equal(await loud(tree), [])
})

test('what FTP servers have in the form of Apache, and copies of modules of Go', async () => {
  const tree = {
    'README.md': '# Files of our servers\n',
    'configs/apache/shop.conf':
      '<VirtualHost *:80>\n  ServerName shop.example.org\n  DocumentRoot /srv/shop\n</VirtualHost>\n',
    'configs/proftpd/root_domain.conf':
      '<Directory /backups>\n  <Limit RMD RNTO DELE XRMD>\n    DenyAll\n  </Limit>\n</Directory>\n',
    'vendor/github.com/example/registry/nginx.conf':
      'server {\n  listen 443;\n  ssl on;\n  proxy_pas x;\n}\n',
    'fixtures/invalid/nginx.conf': 'events {}\nhttp\n  charset utf-8;\n}\n',
  }
  assert.equal(await loud(tree), [])
})

test('a variable of a container whose image keeps Apache in a directory of its own', async () => {
  const tree = {
    Dockerfile:
      'FROM ubuntu:24.04\nRUN apt-get update && apt-get install -y apache2\nADD conf/apache2.conf /etc/apache2/apache2.conf\nADD conf/envvars /etc/apache2/envvars\nENV PORT=8000\n',
    'conf/apache2.conf':
      'ServerRoot /etc/apache2\nLoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so\nServerName localhost\nListen ${PORT}\nErrorLog /dev/stderr\n',
    'conf/envvars': 'export APACHE_RUN_USER=www-data\n',
  }
  assert.equal(await loud(tree), [])
})

test('a script that writes a site of nginx and a virtual host sets up one machine', async () => {
  const script = (proxied: string, host: string): string => `#!/bin/bash
cat > /etc/apache2/sites-available/shop.conf <<'EOF'
<VirtualHost ${host}>
    ServerName www.example.org
    DocumentRoot /var/www/shop
    LimitRequestBody 1048576
</VirtualHost>
EOF
cat > /etc/nginx/sites-available/shop <<'EOF'
server {
    listen 80;
    server_name www.example.org;
    client_max_body_size 20m;
    location / {
        proxy_pass http://127.0.0.1:${proxied};
        proxy_set_header Host $host;
    }
}
EOF
`
  // No file here opens a port for Apache: what the virtual host waits for is opened elsewhere.
  for (const host of ['127.0.0.1:8080', '*:8080'])
    assert.equal(await loud({ 'setup.sh': script('8080', host) }), [
      'setup.sh body-limits/apache-below-nginx',
    ])
  assert.equal(await loud({ 'setup.sh': script('8081', '127.0.0.1:8080') }), [
    'setup.sh topology/upstream-port-not-listened',
  ])
  // Two servers for one port are two ways to set it up.
  assert.equal(await loud({ 'setup.sh': script('8080', '*:80') }), [])
})

const ENVIRONMENT = 'BACKEND: app\n      PORT: "8001"'
const filledInByCompose = (at: string): Record<string, string> => ({
  'compose.yml': `services:
  app:
    image: python:3.12
    command: gunicorn --bind 0.0.0.0:8000 shop.wsgi
  web:
    image: nginx:1.27
    ports: ["80:80"]
    environment:
      ${ENVIRONMENT}
    volumes: ["./nginx:${at}"]
`,
})
const proxiesTo = (address: string): string =>
  `server {\n    listen 80;\n    location / {\n        proxy_pass http://${address};\n    }\n}\n`

test('what a container’s environment fills in, in a template, counts as if it were written there', async () => {
  const template = 'nginx/default.conf.template'
  const tree = { ...filledInByCompose('/etc/nginx/templates'), [template]: proxiesTo('${BACKEND}:${PORT}') }
  const { findings } = await auditDirectory(scratchTree(tree), rules)
  const refused = findings.filter(({ rule }) => rule === 'topology/backend-not-listening')
  assert.equal(
    refused.map(({ message, at, related }) => [
      message,
      `${at.file}:${at.line}`,
      ...related.map(other => `${other.at.file}:${other.at.line} ${other.message}`),
    ]),
    [
      [
        'nginx connects to app:8001, and gunicorn listens only on 0.0.0.0:8000',
        `${template}:4`,
        'compose.yml:4 gunicorn listens here',
        'compose.yml:9 `${BACKEND}` is `app`',
        'compose.yml:10 `${PORT}` is `8001`',
      ],
    ],
  )
})

test('what nothing fills in is not known by the environment', async () => {
  const tree = {
    ...filledInByCompose('/etc/nginx/conf.d'),
    'nginx/default.conf': proxiesTo('${BACKEND}:${PORT}'),
  }
  const found = await loud(tree)
  assert.ok(found.includes('nginx/default.conf containers/variable-not-filled'))
  assert.not(found.some(line => line.endsWith('backend-not-listening')))
})

test('what the variables of a playbook fill in, in its templates and texts', async () => {
  const unit = '[Service]\nExecStart=/srv/venv/bin/gunicorn --bind 127.0.0.1:{{ app_port }} shop.wsgi\n'
  const role = 'roles/web/templates'
  const tree = (port: string): Record<string, string> => ({
    'site.yml': '- hosts: web\n  roles: [web]\n',
    'group_vars/web.yml': `app_port: 8000\nproxied_port: ${port}\n`,
    'roles/web/tasks/main.yml':
      '- template: src=site.conf.j2 dest=/etc/nginx/sites-enabled/site.conf\n- template: src=gunicorn.service.j2 dest=/etc/systemd/system/gunicorn.service\n',
    [`${role}/site.conf.j2`]: proxiesTo('127.0.0.1:{{ proxied_port }}'),
    [`${role}/gunicorn.service.j2`]: unit,
  })
  assert.equal(await loud(tree('8001')), [`${role}/site.conf.j2 topology/backend-not-listening`])
  assert.equal(await loud(tree('8000')), [])
  assert.equal(await loud(tree('"{{ base }}"')), [])
})

test('two servers of a role meet at a port whatever it is, and its default alone is no fault', async () => {
  const role = 'roles/web/templates'
  const tree = (port: string): Record<string, string> => ({
    'roles/web/defaults/main.yml': 'shop_port: 8080\nother_port: 8081\n',
    'roles/web/tasks/main.yml':
      '- template: src=site.conf.j2 dest=/etc/nginx/sites-enabled/site.conf\n- template: src=shop.conf.j2 dest=/etc/apache2/sites-enabled/shop.conf\n',
    [`${role}/site.conf.j2`]: `server {
  listen 80;
  server_name shop.example.org;
  add_header X-Frame-Options DENY;
  location / {
    proxy_pass http://127.0.0.1:{{ ${port} }};
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $remote_addr;
  }
}
`,
    [`${role}/shop.conf.j2`]: `Listen 127.0.0.1:{{ shop_port }}
<VirtualHost 127.0.0.1:{{ shop_port }}>
  ServerName shop.example.org
  DocumentRoot /srv/shop
  Header set X-Frame-Options SAMEORIGIN
</VirtualHost>
`,
    [`${role}/notes.j2`]: 'The others listen on {{ other_port }}.\n',
  })
  assert.equal(await loud(tree('shop_port')), [`${role}/site.conf.j2 response-headers/values-contradict`])
  assert.equal(await loud(tree('other_port')), [])
})

test('below a file that a script writes there is nothing', async () => {
  const script = `#!/bin/bash
cat <<EOF > /opt/shop/server/.env
DEBUG=0
EOF
cat <<EOF > /etc/systemd/system/shop.service
[Service]
WorkingDirectory=/opt/shop/server
ExecStart=python3 manage.py runserver
EOF
`
  const tree = {
    'nginx/site.conf': 'server {\n  listen 80;\n  root /srv/www;\n}\n',
    'install/shop-install.sh': script,
  }
  assert.equal(await loud(tree), [])
})

test('nobody has read what a command of the image writes beside the files that it copies', async () => {
  const tree = (step: string) => ({
    Dockerfile: `FROM nginx:1.27\nCOPY nginx.conf /etc/nginx/\nCOPY shop.conf /etc/nginx/conf.d/\n${step}\n`,
    'nginx.conf': 'events {}\nhttp {\n  include mime.types;\n  include /etc/nginx/conf.d/*.conf;\n}\n',
    'shop.conf':
      'server {\n  listen 80;\n  server_name shop.example.org;\n  location / { include fastcgi.conf; fastcgi_pass php; }\n}\n',
  })
  const upstream =
    'RUN mkdir -p /srv/www && printf \'%s\' "upstream php { server $PHP:9000; }" > /etc/nginx/conf.d/php.conf'
  assert.equal(await loud(tree('RUN rm /etc/nginx/conf.d/default.conf')), ['shop.conf nginx/syntax'])
  assert.equal(await loud(tree(upstream)), [])
  assert.equal(await loud(tree('RUN curl -s https://example.org/php -o /etc/nginx/conf.d/php.conf')), [])
})

test.run()

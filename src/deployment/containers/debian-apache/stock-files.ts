import { allApacheModules } from '../../../servers/apache/modules.ts'

/** Where Debian keeps the files of Apache. */
export const HOME = '/etc/apache2'

/**
 * The files that Debian's package of Apache installs, by what of them decides anything.
 *
 * @see https://salsa.debian.org/apache-team/apache2/-/tree/master/debian/config-dir
 */
export function stockTexts(): Map<string, string> {
  const texts = new Map(Object.entries(TEXTS))
  for (const { id, sharedObject } of allApacheModules()) {
    if (sharedObject === null) continue
    const name = moduleName(id)
    texts.set(`mods-available/${name}.load`, loadOf(id, sharedObject))
  }
  return texts
}

export function loadOf(id: string, sharedObject: string): string {
  return `LoadModule ${id} /usr/lib/apache2/modules/${sharedObject}\n`
}

/** How the files in `mods-available` call a module. */
function moduleName(id: string): string {
  return id === 'dumpio_module' ? 'dump_io' : id.replace(/_module$/, '')
}

const TEXTS: Readonly<Record<string, string>> = {
  'apache2.conf': `DefaultRuntimeDir \${APACHE_RUN_DIR}
PidFile \${APACHE_PID_FILE}
Timeout 300
KeepAlive On
MaxKeepAliveRequests 100
KeepAliveTimeout 5
User \${APACHE_RUN_USER}
Group \${APACHE_RUN_GROUP}
HostnameLookups Off
ErrorLog \${APACHE_LOG_DIR}/error.log
LogLevel warn
IncludeOptional mods-enabled/*.load
IncludeOptional mods-enabled/*.conf
Include ports.conf
<Directory />
    Options FollowSymLinks
    AllowOverride None
    Require all denied
</Directory>
<Directory /usr/share>
    AllowOverride None
    Require all granted
</Directory>
<Directory /var/www/>
    Options Indexes FollowSymLinks
    AllowOverride None
    Require all granted
</Directory>
AccessFileName .htaccess
<FilesMatch "^\\.ht">
    Require all denied
</FilesMatch>
LogFormat "%v:%p %h %l %u %t \\"%r\\" %>s %O \\"%{Referer}i\\" \\"%{User-Agent}i\\"" vhost_combined
LogFormat "%h %l %u %t \\"%r\\" %>s %O \\"%{Referer}i\\" \\"%{User-Agent}i\\"" combined
LogFormat "%h %l %u %t \\"%r\\" %>s %O" common
LogFormat "%{Referer}i -> %U" referer
LogFormat "%{User-agent}i" agent
IncludeOptional conf-enabled/*.conf
IncludeOptional sites-enabled/*.conf
`,
  'ports.conf': `Listen 80
<IfModule ssl_module>
    Listen 443
</IfModule>
<IfModule mod_gnutls.c>
    Listen 443
</IfModule>
`,
  'sites-available/000-default.conf': `<VirtualHost *:80>
    ServerAdmin webmaster@localhost
    DocumentRoot /var/www/html
    ErrorLog \${APACHE_LOG_DIR}/error.log
    CustomLog \${APACHE_LOG_DIR}/access.log combined
</VirtualHost>
`,
  'sites-available/default-ssl.conf': `<VirtualHost *:443>
    ServerAdmin webmaster@localhost
    DocumentRoot /var/www/html
    ErrorLog \${APACHE_LOG_DIR}/error.log
    CustomLog \${APACHE_LOG_DIR}/access.log combined
    SSLEngine on
    SSLCertificateFile /etc/ssl/certs/ssl-cert-snakeoil.pem
    SSLCertificateKeyFile /etc/ssl/private/ssl-cert-snakeoil.key
    <FilesMatch "\\.(?:cgi|shtml|phtml|php)$">
        SSLOptions +StdEnvVars
    </FilesMatch>
    <Directory /usr/lib/cgi-bin>
        SSLOptions +StdEnvVars
    </Directory>
</VirtualHost>
`,
  'conf-available/charset.conf': '',
  'conf-available/localized-error-pages.conf': '',
  'conf-available/other-vhosts-access-log.conf':
    'CustomLog ${APACHE_LOG_DIR}/other_vhosts_access.log vhost_combined\n',
  'conf-available/security.conf': 'ServerTokens OS\nServerSignature On\nTraceEnable Off\n',
  'conf-available/serve-cgi-bin.conf': `<IfModule mod_alias.c>
    <IfModule mod_cgi.c>
        Define ENABLE_USR_LIB_CGI_BIN
    </IfModule>
    <IfModule mod_cgid.c>
        Define ENABLE_USR_LIB_CGI_BIN
    </IfModule>
    <IfDefine ENABLE_USR_LIB_CGI_BIN>
        ScriptAlias /cgi-bin/ /usr/lib/cgi-bin/
        <Directory "/usr/lib/cgi-bin">
            AllowOverride None
            Options +ExecCGI -MultiViews +SymLinksIfOwnerMatch
            Require all granted
        </Directory>
    </IfDefine>
</IfModule>
`,
  'mods-available/alias.conf': `Alias /icons/ "/usr/share/apache2/icons/"
<Directory "/usr/share/apache2/icons">
    Options FollowSymlinks
    AllowOverride None
    Require all granted
</Directory>
`,
  'mods-available/autoindex.conf':
    'IndexOptions FancyIndexing VersionSort HTMLTable NameWidth=* DescriptionWidth=* Charset=UTF-8\nIndexIgnore .??* *~ *# RCS CVS *,v *,t\n',
  'mods-available/cgid.conf': 'ScriptSock ${APACHE_RUN_DIR}/cgisock\n',
  'mods-available/deflate.conf': `<IfModule mod_filter.c>
    AddOutputFilterByType DEFLATE text/html text/plain text/xml text/css text/javascript
    AddOutputFilterByType DEFLATE application/x-javascript application/javascript application/ecmascript
    AddOutputFilterByType DEFLATE application/rss+xml application/xml
</IfModule>
`,
  'mods-available/dir.conf': 'DirectoryIndex index.html index.cgi index.pl index.php index.xhtml index.htm\n',
  'mods-available/info.conf': `<Location /server-info>
    SetHandler server-info
    Require local
</Location>
`,
  'mods-available/mime.conf': `TypesConfig /etc/mime.types
AddType application/x-compress .Z
AddType application/x-gzip .gz .tgz
AddType application/x-bzip2 .bz2
AddHandler type-map var
AddType text/html .shtml
<IfModule mod_include.c>
    AddOutputFilter INCLUDES .shtml
</IfModule>
`,
  'mods-available/mpm_event.conf': `StartServers 2
MinSpareThreads 25
MaxSpareThreads 75
ThreadLimit 64
ThreadsPerChild 25
MaxRequestWorkers 150
MaxConnectionsPerChild 0
`,
  'mods-available/mpm_prefork.conf': `StartServers 5
MinSpareServers 5
MaxSpareServers 10
MaxRequestWorkers 150
MaxConnectionsPerChild 0
`,
  'mods-available/mpm_worker.conf': `StartServers 2
MinSpareThreads 25
MaxSpareThreads 75
ThreadLimit 64
ThreadsPerChild 25
MaxRequestWorkers 150
MaxConnectionsPerChild 0
`,
  'mods-available/reqtimeout.conf':
    'RequestReadTimeout header=20-40,minrate=500\nRequestReadTimeout body=10,minrate=500\n',
  'mods-available/ssl.conf': `SSLPassPhraseDialog exec:/usr/share/apache2/ask-for-passphrase
SSLSessionCache shmcb:\${APACHE_RUN_DIR}/ssl_scache(512000)
SSLSessionCacheTimeout 300
SSLCipherSuite HIGH:!aNULL
SSLProtocol all -SSLv3
SSLSessionTickets off
`,
  'mods-available/status.conf': `<Location /server-status>
    SetHandler server-status
    Require local
</Location>
ExtendedStatus On
<IfModule mod_proxy.c>
    ProxyStatus On
</IfModule>
`,
  'mods-available/userdir.conf': `UserDir public_html
UserDir disabled root
<Directory /home/*/public_html>
    AllowOverride FileInfo AuthConfig Limit Indexes
    Options MultiViews Indexes SymLinksIfOwnerMatch IncludesNoExec
    Require method GET POST OPTIONS
</Directory>
`,
}

/** What `libapache2-mod-php` says of the files that the module runs, and the image of PHP in its `docker-php.conf`. */
export const PHP_CONF = `<FilesMatch ".+\\.ph(?:ar|p|tml)$">
    SetHandler application/x-httpd-php
</FilesMatch>
`

/**
 * The file by which the image of PHP has Apache run PHP, and lets `.htaccess` files count.
 *
 * @see https://github.com/docker-library/php/blob/master/Dockerfile-linux.template
 */
export const DOCKER_PHP_CONF = `<FilesMatch \\.php$>
    SetHandler application/x-httpd-php
</FilesMatch>
DirectoryIndex disabled
DirectoryIndex index.php index.html
<Directory /var/www/>
    Options -Indexes
    AllowOverride All
</Directory>
`

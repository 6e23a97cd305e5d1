/** Programs that people use and images lack, with what a build says that installs them. */
export const PROGRAMS: Readonly<Record<string, RegExp>> = {
  curl: /curl/,
  wget: /wget/,
  nc: /netcat|nmap|ncat|busybox|\bnc\b/,
  netcat: /netcat|\bnc\b/,
  pg_isready: /postgres/,
  psql: /postgres/,
  mysqladmin: /mysql|mariadb/,
  'redis-cli': /redis/,
  mysql: /mysql|mariadb/,
  mysqldump: /mysql|mariadb/,
  mongo: /mongo/,
  'php-fpm': /fpm/,
  'apache2-foreground': /apache/,
  apache2ctl: /apache/,
  apachectl: /apache/,
  'httpd-foreground': /apache|httpd/,
}

/** The images of PHP for Apache have no PHP-FPM, and those of PHP-FPM no Apache. */
const APACHE = ['apache2-foreground', 'apache2ctl', 'apachectl', 'httpd-foreground']
const OF_DATABASES = ['pg_isready', 'psql', 'mysqladmin', 'redis-cli']
const WEB = ['curl', 'wget', 'nc']

export const LACKING: readonly (readonly [RegExp, readonly string[]])[] = [
  // Since MariaDB 11 its image has no names of MySQL, and since MongoDB 6 none of the old shell.
  [/^mariadb(?::(?:1[1-9]|latest|lts)|$)/, ['mysqladmin', 'mysql', 'mysqldump', 'pg_isready', 'redis-cli']],
  [/^mongo(?::(?:[6-9]|latest)|$)/, ['mongo', 'curl', 'wget', 'nc']],
  [/^postgres(?::(?!\S*alpine)|$)/, ['curl', 'wget', 'nc', 'mysqladmin', 'redis-cli', 'mongo']],
  [/^postgres:\S*alpine/, ['curl', 'mysqladmin', 'redis-cli', 'mongo']],
  [/^redis(?::(?!\S*alpine)|$)/, ['curl', 'wget', 'nc', 'pg_isready', 'mysqladmin']],
  [/^redis:\S*alpine/, ['curl', 'pg_isready', 'mysqladmin']],
  // Upon ubi-micro, which has neither a package manager nor curl; before 21 it was ubi-minimal.
  [/^(?:quay\.io\/)?keycloak\/keycloak(?::(?:2[2-9]|[3-9]\d|latest|nightly)|$)/, WEB],
  // Debian and Ubuntu with the program of the service alone.
  [/^(?:qdrant\/qdrant|ollama\/ollama)(?::|$)/, WEB],
  [/^(?:rabbitmq|memcached)(?::(?!\S*alpine)|$)/, WEB],
  [/^(?:rabbitmq|memcached|registry|golang|ruby|openjdk|rust):\S*alpine/, ['curl', ...OF_DATABASES]],
  [/^(?:ruby|openjdk):\S*slim/, [...WEB, 'netcat', ...OF_DATABASES]],
  [/^mysql(?::|$)/, ['nc', 'pg_isready', 'redis-cli', 'mongo']],
  // BusyBox has a wget and no curl; Loki's, Tempo's and Mimir's are Alpine or distroless, by their release.
  [
    /^(?:(?:docker|quay)\.io\/)?(?:prom|prometheus)\/(?:prometheus|alertmanager|node-exporter|blackbox-exporter|pushgateway)(?::|$)/,
    ['curl'],
  ],
  [/^grafana\/(?:loki|tempo|mimir)(?::|$)/, ['curl']],
  [/^(?:registry|mailhog\/mailhog)(?::|$)/, ['curl']],
  [/^nats(?::(?!\S*(?:alpine|windows|nanoserver))|$)/, WEB],
  [/^gcr\.io\/distroless\/(?!\S*debug)/, WEB],
  [/^mcr\.microsoft\.com\/dotnet\/(?:aspnet|runtime|runtime-deps):\S*alpine/, ['curl', ...OF_DATABASES]],
  [
    /^mcr\.microsoft\.com\/dotnet\/(?:aspnet|runtime|runtime-deps):(?:[6-9]|1\d)\.\d(?!\S*(?:nano|windows|azurelinux|mariner))/,
    [...WEB, 'netcat', ...OF_DATABASES],
  ],
  [/^(?:python|node):\S*slim/, ['curl', 'wget', 'nc', 'netcat', ...OF_DATABASES]],
  [/^(?:debian|ubuntu)(?::|$)/, ['curl', 'wget', 'nc', 'netcat', ...OF_DATABASES]],
  [/^(?:alpine(?::|$)|(?:python|node):\S*alpine)/, ['curl', 'netcat', ...OF_DATABASES]],
  // nginx's own images: curl came with the modules of 1.19, and the slim ones are without them.
  [
    /^nginx:(?:mainline-|stable-|1\.(?:2[2-9]|3\d)\S*-)alpine\S*-slim$|^nginx:alpine-slim$/,
    ['curl', ...OF_DATABASES],
  ],
  [
    /^nginx(?::(?!\S*(?:alpine|otel|perl))(?:\d\S*|latest|stable|mainline)|$)/,
    ['wget', 'nc', 'netcat', ...OF_DATABASES],
  ],
  [/^httpd(?::(?!\S*alpine)|$)/, ['wget', 'nc', 'netcat', ...OF_DATABASES]],
  [/^httpd:\S*alpine/, OF_DATABASES],
  [/^php:(?:\S*-)?apache/, ['php-fpm', 'wget', 'nc', 'netcat', ...OF_DATABASES]],
  [/^php:(?!\S*alpine)\S*fpm/, [...APACHE, 'wget', 'nc', 'netcat', ...OF_DATABASES]],
  [/^(?:nextcloud|wordpress|drupal|matomo|joomla):(?:\S*-)?apache(?:-[a-z]+)?$/, ['php-fpm']],
  [/^(?:php|nextcloud|wordpress|drupal|matomo|joomla):(?:\S*-)?fpm(?:-[a-z]+)?$/, APACHE],
  [/^php(?::(?!\S*alpine)|$)/, ['wget', 'nc', 'netcat', ...OF_DATABASES]],
  [/^haproxy(?::(?!\S*alpine)|$)/, ['curl', 'wget', 'nc', ...OF_DATABASES]],
  [/^traefik(?::(?!\S*(?:windows|nanoserver))|$)/, ['curl', ...OF_DATABASES]],
  // Since 2.11 that of Caddy has curl.
  [/^caddy:2\.(?:\d|10)(?![\d\w]|\S*(?:windows|nanoserver|builder))/, ['curl']],
  [/^caddy(?::(?!\S*(?:windows|nanoserver|builder))|$)/, OF_DATABASES],
  [
    /^(?:python|node)(?::(?!\S*(?:slim|alpine|windows))|$)/,
    ['nc', 'netcat', 'pg_isready', 'mysqladmin', 'redis-cli'],
  ],
]

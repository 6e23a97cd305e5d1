import type { ComposeCommand } from '../../parsers/compose/compose.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import type { Container, ContainerMount } from '../../src/deployment/containers/container.ts'
import { filesBelow, sourceAt } from '../../src/files/file-system.ts'
import { serviceVariables } from '../../src/deployment/containers/service-variables.ts'

/** The ports that images open as they come; of one with several all that may be published. */
const PORTS: readonly (readonly [image: RegExp, ports: readonly number[]])[] = [
  [/^(?:nginx|nginx\/nginx)$/, [80]],
  [/^(?:nginxinc|nginx)\/nginx-unprivileged$/, [8080]],
  [/^httpd$/, [80]],
  // Those that speak FastCGI come first, which their tag tells.
  [
    /^(?:php|wordpress|nextcloud|drupal|joomla|matomo|phpmyadmin(?:\/phpmyadmin)?):[\w.-]*fpm|^adminer:[\w.-]*fastcgi/,
    [9000],
  ],
  [/^(?:phpmyadmin|phpmyadmin\/phpmyadmin|dpage\/pgadmin4)$/, [80, 443]],
  [/^adminer$/, [8080]],
  [/^tomcat$/, [8080]],
  [/^ghost$/, [2368]],
  [/^redmine$/, [3000]],
  [/^odoo$/, [8069, 8071, 8072]],
  [/^mysql$/, [3306, 33060]],
  [/^mariadb$/, [3306]],
  [/^(?:postgres|postgis\/postgis)$/, [5432]],
  [/^mongo$/, [27017]],
  [/^mongo-express$/, [8081]],
  [/^(?:redis|valkey\/valkey)$/, [6379]],
  [/^memcached$/, [11211]],
  [/^grafana\/grafana(?:-oss|-enterprise)?$/, [3000]],
  [/^prom\/prometheus$/, [9090]],
  [/^louislam\/uptime-kuma$/, [3001]],
  [/^n8nio\/n8n$|^docker\.n8n\.io\/n8nio\/n8n$/, [5678]],
  [/^metabase\/metabase$/, [3000]],
  [/^portainer\/portainer(?:-ce|-ee)?$/, [8000, 9000, 9443]],
  [/^jenkins\/jenkins$/, [8080, 50000]],
  [/^sonarqube$/, [9000]],
  [/^mailhog\/mailhog$/, [1025, 8025]],
  [/^axllent\/mailpit$/, [1025, 1110, 8025]],
  [/^(?:docker\.elastic\.co\/kibana\/)?kibana(?:\/kibana)?$/, [5601]],
  [/^(?:wordpress|nextcloud|drupal|joomla|matomo)(?::(?![\w.-]*(?:fpm|cli))[\w.-]*)?$/, [80, 443]],
  // Its first releases had the usual ones.
  [/^owncloud\/server$/, [80, 443, 8080]],
  [/^php:[\w.-]*apache/, [80, 443]],
  // Since 1.31 WebSockets come by the port of the pages.
  [
    /^vaultwarden\/server(?::(?:(?:latest|testing)(?:-alpine|-debian)?|alpine|1\.(?:3[1-9]|[4-9]\d)[\w.-]*)|$)/,
    [80],
  ],
]

/** Images that read no variable, and no file but one that the command names. */
const TOLD_BY_COMMAND = /^(?:redis|valkey\/valkey|memcached)$/

/** True for a command that is the image's own, or holds options that say nothing of a port or a file. */
function isToldNothing(command: ComposeCommand | null): boolean {
  if (command === null) return true
  const [first, ...others] = command.words.map(({ text }) => text)
  return (
    command.rest === null &&
    first !== undefined &&
    /^(?:redis-server|valkey-server|memcached|-.*)$/.test(first) &&
    ![first, ...others].some(word => isUnknownWord(word) || /[$ ]|port|\.conf|^-(?:p|l|s)|^-$/.test(word))
  )
}

/** Variables and labels by which an image may be told another port. */
const TELLING = /PORT|LISTEN|BIND|ADDR|_URL$|PROTOCOL|HTTPS?$|SSL|TLS|_ARGS|_OPTS|OPTIONS/i

/** Variables of proxies, and of the servers that a program connects to. */
const OF_OTHERS = /^(?:VIRTUAL|LETSENCRYPT|SMTP)_.*/

/**
 * The ports that the image of a container opens, where nothing is seen that might tell it others; null where nobody
 * knows.
 */
export function imagePorts(container: Container): readonly number[] | null {
  const { service, image, base, reference, mounts, hostFiles } = container
  if (base === null || reference === null || image !== null || service.build !== null) return null
  if (TOLD_BY_COMMAND.test(base) && service.complete && service.entrypoint === null)
    return isToldNothing(service.command) ? (PORTS.find(([name]) => name.test(base))?.[1] ?? null) : null
  const given = serviceVariables(service, hostFiles)
  if (!given.complete || service.command !== null || service.entrypoint !== null) return null
  if (service.volumesFrom.length > 0 || service.configs.length > 0) return null
  if (given.variables.some(({ name }) => TELLING.test(name.replace(OF_OTHERS, '')))) return null
  // A file among the mounts may be its configuration; a directory of data is not.
  const own = mounts.filter(({ target, from }) => from !== 'COPY' && OF_CONFIGURATION.test(target))
  if (own.some(mount => !(OF_MYSQL.test(base) && saysNoPort(mount, container)))) return null
  if (service.volumes.some(({ target }) => !target.known)) return null
  return PORTS.find(([name]) => name.test(base) || name.test(reference))?.[1] ?? null
}

const OF_MYSQL = /^(?:mysql|mariadb)$/

/** True for option files of MySQL that are all here, and of which none speaks of a port. */
function saysNoPort({ target, path }: ContainerMount, { hostFiles }: Container): boolean {
  if (path === null || !/^\/etc\/(?:mysql|my\.cnf)(?:\/|$)/.test(target)) return false
  const kind = hostFiles.kind(path)
  const files =
    kind === 'file'
      ? [path]
      : kind === 'directory'
        ? [...filesBelow(hostFiles, path, { levels: 2, skipped: /^\./ })]
        : []
  return (
    files.length > 0 &&
    files.every(each => {
      const source = sourceAt(hostFiles, each)
      return source !== null && !/^[ \t]*(?:port\b|skip[-_]networking)|[{}$]{2}|<%/im.test(source.text)
    })
  )
}

const OF_CONFIGURATION =
  /^\/etc(?:\/|$)|^\/usr\/local\/(?:etc|apache2\/conf|tomcat)(?:\/|$)|\.(?:conf|cnf|ini|cfg|ya?ml|xml|json|toml|properties|js|sh|env|py)$|\/conf(?:ig)?(?:\.d)?(?:\/|$)|docker-entrypoint|^\/(?:usr|opt)\/?$|^\/opt\/sonarqube\/conf/

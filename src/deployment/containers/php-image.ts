import { memo } from '../../../parsers/collections/memo.ts'
import type { FileSystem } from '../../files/file-system.ts'
import type { Container } from './container.ts'
import { endOfStart } from './end-of-start.ts'
import { takeSteps } from './image-files/build-steps.ts'
import { emptyTree, type ServerHome, withTree } from './image-files/image-tree.ts'
import { takesScript } from './image-files/takes-script.ts'

/** The files of PHP in its own image, and those of FPM. */
const PHP_HOME: ServerHome = {
  directory: '/usr/local/etc',
  mentions:
    /\/usr\/local\/etc|\bPHP_INI_DIR\b|fpm\.(?:d|conf)|zz-docker|\bwww\.conf\b|\.sh\b|\b(?:ba|da|a)?sh\s+-\w*c\b|\beval\b/,
  variables: { PHP_INI_DIR: '/usr/local/etc/php' },
  // The `php.ini` that the image keeps beside says of what is asked here what PHP takes by itself.
  take: (_, program, args) =>
    /^(?:mv|cp|ln)$/.test(program) && args.some(word => /\/php\.ini-(?:production|development)$/.test(word))
      ? true
      : null,
  install: () => undefined,
}

/**
 * What lies there, with the settings that are commented out, which steps bring in.
 *
 * @see https://github.com/docker-library/php/blob/master/Dockerfile-linux.template
 * @see https://github.com/php/php-src/blob/master/sapi/fpm/www.conf.in
 */
const TEXTS: Readonly<Record<string, string>> = {
  'php-fpm.conf': '[global]\n;daemonize = yes\ninclude=/usr/local/etc/php-fpm.d/*.conf\n',
  'php-fpm.d/docker.conf':
    '[global]\nerror_log = /proc/self/fd/2\nlog_limit = 8192\n[www]\naccess.log = /proc/self/fd/2\nclear_env = no\ncatch_workers_output = yes\ndecorate_workers_output = no\n',
  'php-fpm.d/www.conf': `[www]
user = www-data
group = www-data
listen = 127.0.0.1:9000
;listen.backlog = 511
;listen.owner = www-data
;listen.group = www-data
;listen.mode = 0660
;listen.acl_users =
;listen.acl_groups =
;listen.allowed_clients = 127.0.0.1
pm = dynamic
pm.max_children = 5
pm.start_servers = 2
pm.min_spare_servers = 1
pm.max_spare_servers = 3
;pm.process_idle_timeout = 10s;
;pm.max_requests = 500
;pm.status_path = /status
;ping.path = /ping
;ping.response = pong
;slowlog = log/$pool.log.slow
;request_slowlog_timeout = 0
;request_terminate_timeout = 0
;rlimit_files = 1024
;chroot =
;chdir = /var/www
;catch_workers_output = yes
;clear_env = no
;security.limit_extensions = .php .php3 .php4 .php5 .php7
`,
  'php-fpm.d/zz-docker.conf': '[global]\ndaemonize = no\n[www]\nlisten = 9000\n',
}

/**
 * The files of a container of PHP's own image with FPM as its steps and its start script leave them; null where nobody
 * knows what is in them.
 */
export const phpImageFiles = memo((container: Container): FileSystem | null => {
  const tree = emptyTree(Object.entries(TEXTS))
  const build = takeSteps(tree, PHP_HOME, container)
  const end = build === null ? null : endOfStart(container)
  if (build === null || end === null) return null
  if (end.script !== null && !takesScript(build, container, end.script)) return null
  return withTree(container.files, tree, PHP_HOME, `image of ${container.base}`).files
})

/** Starts what stands behind nginx and Apache in a deployment, with all that it lacks. */
import { type ChildProcess, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { supplyApplications } from './applications.ts'
import { certificatesIn } from './arrange.ts'
import { type Containers, POOL_OF_IMAGE, startContainers } from './containers.ts'
import { APPLICATIONS, MAIN_OF_PHP, mainOfPhp, readServices, socketRights, startService } from './service.ts'

type Files = Readonly<Record<string, string>>

/** Sockets that services make in the directories of the machine that no case covers. */
export function temporarySockets(files: Files): readonly string[] {
  const text = Object.values(files).join('\n')
  return [...text.matchAll(/\/(?:var\/)?tmp\/[\w.-]+\.sock/g)].map(([path]) => path)
}

/** Starts the programs of units, supervisord, uWSGI and PHP-FPM, each with its socket open. */
export async function startServices(files: Files): Promise<ChildProcess[]> {
  const services = readServices(files)
  if (services.length === 0) return []
  for (const path of ['/var/log/services', '/var/log/php', APPLICATIONS]) mkdirSync(path, { recursive: true })
  const text = Object.values(files).join('\n')
  for (const [path = ''] of text.matchAll(/\/(?:var\/)?run(?:\/[\w.-]+)*(?=\/[\w.-]+\.sock)/g)) {
    mkdirSync(path, { recursive: true })
    // Any service may make its socket there, as RuntimeDirectory= lets it.
    chmodSync(path, 0o777)
  }
  writeFileSync(MAIN_OF_PHP, mainOfPhp(files))
  const started: ChildProcess[] = []
  for (const service of supplyApplications(services, files)) started.push(await startService(service))
  for (const { path, user, mode } of socketRights(files))
    spawnSync('sh', ['-c', 'chown "$0" "$1" && chmod "$2" "$1"', user, path, mode])
  return started
}

/** Starts the containers of a compose file; nginx's has the main file of its image. */
export function startProject(
  directory: string,
  files: Files,
  certify: (directory: string, paths: readonly string[]) => void,
): Promise<Containers> {
  mkdirSync('/var/log/services', { recursive: true })
  const text = Object.values(files).join('\n')
  return startContainers(directory, files, (root, program, service) => {
    if (program === 'nginx') {
      writeFileSync(join(root, 'etc/nginx/nginx.conf'), NGINX_OF_IMAGE)
      certify(
        directory,
        certificatesIn(text).map(path => join(root, path)),
      )
    } else if (program === 'php') writeFileSync(join(root, POOL_OF_IMAGE), PHP_OF_IMAGE)
    return supplyApplications([service], files, root)[0] ?? service
  })
}

const PHP_OF_IMAGE = `[global]
error_log = /proc/self/fd/2
[www]
user = www-data
group = www-data
listen = 9000
pm = static
pm.max_children = 2
`

const NGINX_OF_IMAGE = `user www-data;
worker_processes 1;
error_log /var/log/nginx/error.log;
events {
}
http {
    include /etc/nginx/mime.types;
    access_log off;
    include /etc/nginx/conf.d/*.conf;
}
`

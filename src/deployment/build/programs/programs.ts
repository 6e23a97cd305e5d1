import type { Listener, Machine, Program } from '../../model.ts'
import { apacheListeners } from './apache.ts'
import { appServerListeners, appServerPrograms, type Grammars } from './app-server.ts'
import { gitlabPrograms } from './gitlab.ts'
import { nginxListeners } from './nginx.ts'
import { phpFpmListeners, phpFpmPrograms } from './php-fpm.ts'
import { tomcatPrograms } from './tomcat.ts'
import { postgresListeners, postgresPrograms } from './postgres.ts'

/** The programs of a machine that are found by their own files, nginx and Apache apart. */
export function backendPrograms(machine: Machine, grammars: Grammars): readonly Program[] {
  const servers = appServerPrograms(machine, grammars)
  // What an image itself configures, which wins, is not in the audit; of PHP's own it is known.
  const others = [...phpFpmPrograms(machine), ...tomcatPrograms(machine), ...gitlabPrograms(machine)]
  if (machine.container !== null) return [...servers, ...others]
  return [...servers, ...others, ...postgresPrograms(machine)]
}

/** Every socket that a program opens. */
export function listenersOf(program: Program): readonly Listener[] {
  switch (program.kind) {
    case 'nginx':
      return nginxListeners(program)
    case 'apache':
      return apacheListeners(program)
    case 'app-server':
      return appServerListeners(program)
    case 'php-fpm':
      return phpFpmListeners(program)
    case 'postgres':
      return postgresListeners(program)
  }
}

import type { PythonParser } from '../../../../parsers/python/python-module.ts'
import type { Listener, Machine, Program } from '../../model.ts'
import { apacheListeners } from './apache.ts'
import { gunicornListeners, gunicornPrograms } from './gunicorn.ts'
import { nginxListeners } from './nginx.ts'
import { phpFpmListeners, phpFpmPrograms } from './php-fpm.ts'
import { postgresListeners, postgresPrograms } from './postgres.ts'

/** The programs of a machine that are found by their own files, nginx and Apache apart. */
export function backendPrograms(machine: Machine, python: PythonParser | null): readonly Program[] {
  return [...gunicornPrograms(machine, python), ...phpFpmPrograms(machine), ...postgresPrograms(machine)]
}

/** Every socket that a program opens. */
export function listenersOf(program: Program): readonly Listener[] {
  switch (program.kind) {
    case 'nginx':
      return nginxListeners(program)
    case 'apache':
      return apacheListeners(program)
    case 'gunicorn':
      return gunicornListeners(program)
    case 'php-fpm':
      return phpFpmListeners(program)
    case 'postgres':
      return postgresListeners(program)
  }
}

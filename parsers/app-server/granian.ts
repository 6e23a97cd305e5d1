import { placeOf } from '../text/written-text.ts'
import type { AppCommand, AppServer } from './app-server.ts'
import { applicationWord } from './application-word.ts'
import { optionTable, programArguments } from './arguments.ts'
import { hostPortBind, httpOrHttps, pathAddress } from './binds.ts'
import {
  argumentLayer,
  everySetting,
  layered,
  modeSetting,
  numberSetting,
  prefixedLayer,
  textSetting,
} from './layers.ts'
import { NOTHING_SAID } from './no-server.ts'

const GRANIAN = optionTable(`
  host --host
  port --port
  uds --uds
  uds_permissions --uds-permissions
  interface --interface
  http --http
  workers --workers
  threads --threads --runtime-threads
  blocking_threads --blocking-threads
  runtime_mode --runtime-mode --threading-mode
  loop --loop
  backlog --backlog
  backpressure --backpressure
  http1_buffer_size --http1-buffer-size
  log_level --log-level
  ssl_certificate --ssl-certificate
  ssl_keyfile --ssl-keyfile
  ssl_keyfile_password --ssl-keyfile-password
  url_path_prefix --url-path-prefix
  workers_lifetime --workers-lifetime
  workers_kill_timeout --workers-kill-timeout
  working_dir --working-dir
  env_files --env-files
  static_path_route --static-path-route
  static_path_mount --static-path-mount
  process_name --process-name
  pid_file --pid-file
  !websockets --ws
  !!websockets --no-ws
  !factory --factory
  !!factory --no-factory
  !reload --reload
  !!reload --no-reload
  !access_log --access-log
  !!access_log --no-access-log
  !log --log
  !!log --no-log
  !opt --opt
  !respawn_failed_workers --respawn-failed-workers
`)

/** A granian: its command line, else `GRANIAN_*`. */
export function readGranian(command: AppCommand): AppServer {
  const { program, given } = programArguments(command.words, GRANIAN)
  const names = [...GRANIAN.values.values()]
  const layers = [argumentLayer(given), prefixedLayer('GRANIAN_', names, command)]
  const get = layered(layers)
  const protocol = httpOrHttps(textSetting(get('ssl_certificate')))
  const uds = textSetting(get('uds'))
  return {
    ...NOTHING_SAID,
    program: 'granian',
    at: placeOf(program),
    application: applicationWord(given),
    binds: [
      uds === null
        ? hostPortBind(textSetting(get('host')), numberSetting(get('port')), protocol, '127.0.0.1', 8000)
        : { at: uds.at, protocol, address: pathAddress(uds, command.directory) },
    ],
    workers: numberSetting(get('workers')),
    threads: numberSetting(get('blocking_threads')),
    rootPath: textSetting(get('url_path_prefix')),
    directory: textSetting(get('working_dir')) ?? command.directory,
    socketMode: modeSetting(get('uds_permissions')),
    settings: everySetting(layers),
    complete: !given.open,
  }
}

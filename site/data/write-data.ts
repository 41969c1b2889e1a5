/** The thread that writes the machine interface: given the folder of the site, it says how many files it wrote. */
import { parentPort, workerData } from 'node:worker_threads';
import { loadAtlases } from '../store/load-atlases.ts';
import { siteFiles } from './site-files.ts';
import { writeFiles } from './write-files.ts';

parentPort?.postMessage(await writeFiles(siteFiles(await loadAtlases()), workerData));

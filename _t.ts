import { composeImage } from './generator/measure/images/procset/compose.ts';
composeImage(0,128);
for(const [n,s] of [[600,128],[100,224]]){ const d0=process.cpuUsage(); for(let i=0;i<n;i++) composeImage(i,s); const d=process.cpuUsage(d0); console.log(s,'cpu ms/image',(d.user+d.system)/1e3/n);}

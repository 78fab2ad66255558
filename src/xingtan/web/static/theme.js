(d=>{let e=d.documentElement,o=['auto','light','dark'],s=v=>{if(o.includes(v))e.dataset.theme=v};
e.classList.add('js');
try{s(localStorage.theme)}catch(_){}
d.addEventListener('click',v=>{if(v.target.closest('[data-theme-next]')){s(o[(o.indexOf(e.dataset.theme)+1)%3]);
try{localStorage.theme=e.dataset.theme}catch(_){}}})})(document)

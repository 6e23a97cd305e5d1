from django.http import HttpResponse
from django.urls import path

def page(request):
    return HttpResponse("this is the club")

urlpatterns = [path("", page)]
